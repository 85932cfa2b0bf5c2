"""Evaluations of the weekly loop: advice, drafted routes, groups of failures, drift."""
