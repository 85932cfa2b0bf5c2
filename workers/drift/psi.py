"""The population stability index (PSI).

How far a distribution has moved, and what chance alone explains.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

BINS = 10
SMOOTHING = 0.5
"""Added to each count: with an empty bin the index would be infinite."""
SIGNIFICANCE = 0.01
"""How often an index above `critical_psi` comes about where nothing has moved."""


def quantile_edges(values: Sequence[float], bins: int = BINS) -> list[float]:
    """Returns the inner edges of bins that hold equal shares of `values`.

    Fewer where many are equal.
    """
    inner = np.quantile(np.asarray(values, float), np.linspace(0, 1, bins + 1)[1:-1])
    # Equal values must be in one bin.
    return [float(edge) for edge in np.unique(inner)]


def bin_counts(edges: Sequence[float], values: Sequence[float]) -> list[int]:
    """Returns how many values are in each bin, the two open ends included, whatever their order."""
    bins = np.searchsorted(np.asarray(edges, float), np.asarray(values, float), side="right")
    return [int(count) for count in np.bincount(bins, minlength=len(edges) + 1)]


def psi(before: Sequence[int], after: Sequence[int]) -> float:
    """Returns the index of two histograms over the same bins: 0 for equal shares, symmetric.

    By custom 0.1 is a hint and 0.2 a shift.
    """
    old, new = _shares(before), _shares(after)
    # The symmetrised Kullback-Leibler divergence (Jeffreys).
    return float(np.sum((new - old) * np.log(new / old)))


def critical_psi(before: Sequence[int], after: Sequence[int]) -> float:
    """Returns the index that chance alone exceeds once in a hundred times, at these sizes.

    Infinity where a histogram is empty or has a single bin.
    """
    from scipy.special import chdtri

    old_size = sum(before)
    new_size = sum(after)
    if min(old_size, new_size) == 0 or len(before) < 2:
        return float("inf")

    # Without a shift the index is chi-squared distributed with bins - 1 degrees of freedom, scaled
    # by both sizes (Yurdakul 2018). The custom of 0.2 ignores that: a week of fifty requests in ten
    # bins is above it half of the time.
    quantile = float(chdtri(len(before) - 1, SIGNIFICANCE))
    return quantile * (1 / old_size + 1 / new_size)


def _shares(counts: Sequence[int]) -> NDArray[np.float64]:
    smoothed = np.asarray(counts, float) + SMOOTHING
    return np.asarray(smoothed / smoothed.sum(), np.float64)
