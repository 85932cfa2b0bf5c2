"""Latencies as counts by bucket, which can be added up; quantiles from exact values or buckets."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

WIDTH = 1.05
"""A bucket's upper bound divided by its lower one: a quantile is wrong by 2.5 % at most."""
SHORTEST = 0.001
"""Seconds; what took less is counted as this."""


def bucket_of(seconds: float) -> int:
    """Returns the number of the bucket that holds a time in seconds."""
    return round(math.log(max(seconds, SHORTEST)) / math.log(WIDTH))


def bucket_seconds(bucket: int) -> float:
    """Returns the middle of the bucket, in seconds."""
    return WIDTH**bucket


def count_seconds(values: Iterable[float]) -> Counter[int]:
    """Returns how many values each bucket holds."""
    return Counter(map(bucket_of, values))


def quantile(values: Sequence[float], share: float) -> float:
    """Returns the quantile by the nearest-rank method, 0 if there are no values."""
    if not values:
        return 0.0

    ordered = sorted(values)
    return ordered[_rank(len(ordered), share)]


def bucket_quantile(counts: Mapping[int, int], share: float) -> float:
    """Returns the quantile of what the buckets hold, within their width; 0 if they are empty."""
    left = _rank(sum(counts.values()), share)
    for bucket in sorted(counts):
        left -= counts[bucket]
        if left < 0:
            return bucket_seconds(bucket)

    return 0.0


def _rank(count: int, share: float) -> int:
    return min(count - 1, int(share * count))
