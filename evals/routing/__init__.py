"""Evaluations of the router: labelled data, scores, plots, timing and comparisons."""
