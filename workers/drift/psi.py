"""The population stability index: how far a distribution has moved, and how far chance alone moves one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

BINS = 10
SMOOTHING = 0.5
"""Added to each count, so that an empty bin says "few", not "never": the index would be endless."""
CHANCE = 0.01
"""How often an index above `by_chance` comes about where nothing has moved."""


def edges_of(values: Sequence[float], bins: int = BINS) -> list[float]:
    """The inner edges of bins that hold equal shares of `values`; fewer where many values are the same."""
    inner = np.quantile(np.asarray(values, float), np.linspace(0, 1, bins + 1)[1:-1])
    return [float(edge) for edge in np.unique(inner)]


def counts_of(edges: Sequence[float], values: Sequence[float]) -> list[int]:
    """How many values lie in each bin, the two open ends included; their order changes nothing."""
    places = np.searchsorted(np.asarray(edges, float), np.asarray(values, float), side="right")
    return [int(count) for count in np.bincount(places, minlength=len(edges) + 1)]


def psi(before: Sequence[int], after: Sequence[int]) -> float:
    """0 where both hold the same shares, above 0 elsewhere; by custom .1 is a hint and .2 a shift.

    Both count the same bins, in any one order. Which of the two came first changes nothing.
    """
    one, other = _shares(before), _shares(after)
    return float(np.sum((other - one) * np.log(other / one)))


def by_chance(before: Sequence[int], after: Sequence[int]) -> float:
    """The index that chance alone exceeds once in a hundred times with so many values and bins.

    Where nothing has moved it follows a chi-squared distribution, scaled by both sizes (Yurdakul
    2018): a week of fifty requests in ten bins is above .2 half of the time.
    """
    from scipy.special import chdtri

    sizes = sum(before), sum(after)
    if min(sizes) == 0 or len(before) < 2:
        return float("inf")

    return float(chdtri(len(before) - 1, CHANCE)) * (1 / sizes[0] + 1 / sizes[1])


def _shares(counts: Sequence[int]) -> NDArray[np.float64]:
    smooth = np.asarray(counts, float) + SMOOTHING
    return np.asarray(smooth / smooth.sum(), np.float64)
