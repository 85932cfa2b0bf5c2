"""Measure speed and delivery on this machine."""

GROUP = (
    "evals.bench.aged",
    "evals.bench.delivery",
    "evals.bench.faults",
    "evals.bench.outages",
    "evals.bench.parts",
    "evals.bench.people",
    "evals.bench.soak",
    "evals.bench.tenancy",
)
