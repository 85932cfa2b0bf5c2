"""Evaluations of mining: what it finds in labelled streams, and how its gates are fitted."""
