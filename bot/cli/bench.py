"""Measure speed and delivery on this machine."""

GROUP = ("evals.bench",)
