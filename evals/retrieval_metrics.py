"""How good a ranking is, and how sure one can be that it is better than another."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 10_000


def ndcg(ranked: Sequence[str], grades: Mapping[str, int], depth: int = 10) -> float:
    """Discounted gain of the first `depth`, as a share of the best possible one."""
    gains = [
        (2.0 ** grades.get(key, 0) - 1) / math.log2(place + 2)
        for place, key in enumerate(ranked[:depth])
    ]
    best = sorted(grades.values(), reverse=True)[:depth]
    ideal = sum((2.0**grade - 1) / math.log2(place + 2) for place, grade in enumerate(best))

    return sum(gains) / ideal if ideal else 0.0


def recall(ranked: Sequence[str], grades: Mapping[str, int], depth: int = 10) -> float:
    """The share of the relevant ones that is among the first `depth`."""
    relevant = {key for key, grade in grades.items() if grade > 0}
    return len(relevant & set(ranked[:depth])) / len(relevant) if relevant else 0.0


def precision_at_1(ranked: Sequence[str], grades: Mapping[str, int]) -> float:
    """1 when the first one is relevant."""
    return float(bool(ranked) and grades.get(ranked[0], 0) > 0)


def paired_interval(
    one: Sequence[float], other: Sequence[float], seed: int
) -> tuple[float, float, float]:
    """Mean of `one - other` over the same queries, with the bounds between which 95 % of resampled means lie."""
    difference: NDArray[np.float64] = np.asarray(one, float) - np.asarray(other, float)
    rng = np.random.default_rng(seed)
    means = [
        difference[rng.integers(0, len(difference), len(difference))].mean()
        for _ in range(RESAMPLES)
    ]
    low, high = np.percentile(means, [2.5, 97.5])

    return float(difference.mean()), float(low), float(high)
