"""Ranking metrics."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence


def ndcg(ranked: Sequence[str], grades: Mapping[str, int], depth: int = 10) -> float:
    """Returns nDCG of the first `depth` results, with gains of 2^grade - 1."""
    gains = [
        (2.0 ** grades.get(key, 0) - 1) / math.log2(rank + 2)
        for rank, key in enumerate(ranked[:depth])
    ]
    best = sorted(grades.values(), reverse=True)[:depth]
    ideal = sum((2.0**grade - 1) / math.log2(rank + 2) for rank, grade in enumerate(best))

    return sum(gains) / ideal if ideal else 0.0


def recall(ranked: Sequence[str], grades: Mapping[str, int], depth: int = 10) -> float:
    """Returns the share of relevant documents among the first `depth`."""
    relevant = {key for key, grade in grades.items() if grade > 0}
    return len(relevant & set(ranked[:depth])) / len(relevant) if relevant else 0.0


def precision_at_1(ranked: Sequence[str], grades: Mapping[str, int]) -> float:
    """Returns 1 if the first document is relevant, else 0."""
    return float(bool(ranked) and grades.get(ranked[0], 0) > 0)
