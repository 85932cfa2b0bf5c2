"""Evaluations of tuned models: the essay's comparison, adapters, and the model server."""
