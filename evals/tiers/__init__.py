"""Evaluations of cheap and dear tiers: which answers first, and what a check lets through."""
