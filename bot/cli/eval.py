"""Measure quality on data that you bring."""

GROUP = ("evals",)
