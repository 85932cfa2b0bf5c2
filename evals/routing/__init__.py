"""Parts of the router's evaluations: labelled data, scores, plots, timing and comparisons."""
