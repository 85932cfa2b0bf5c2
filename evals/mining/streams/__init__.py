"""Labelled streams of requests for mining's evaluations, recorded and synthetic."""
