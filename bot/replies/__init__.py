"""One visible answer per request: posting, streaming, proposals."""
