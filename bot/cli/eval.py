"""Measure quality on data that you bring."""

GROUP = (
    "evals.mining",
    "evals.retrieval",
    "evals.routes",
    "evals.routing",
    "evals.tiers",
    "evals.tuning",
    "evals.weekly",
)
