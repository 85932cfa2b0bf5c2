"""The report of `beagle mine`, as Markdown and as a web page."""
