"""A candidate over time: its weekly counts, and the id that stays while it is the same request."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

WEEK = 7 * 86_400.0
"""Seconds."""
WEEKS = 4
"""Weeks that one run looks back."""
SAME_COSINE = 0.85
"""From this cosine between their centroids on, two clusters are the same request."""


@dataclass(frozen=True, slots=True)
class Trend:
    """Requests in each of the last WEEKS weeks, oldest first."""

    weekly: tuple[int, ...]

    @property
    def weeks_seen(self) -> int:
        """The number of weeks with at least one request."""
        return sum(count > 0 for count in self.weekly)

    @property
    def change(self) -> float:
        """The newest week relative to the mean of earlier ones: 0 the same, 1 twice as many.

        Weeks without a request do not count; 0 where there is no earlier one.
        """
        earlier = [count for count in self.weekly[:-1] if count]
        if not earlier:
            return 0.0

        return self.weekly[-1] / (sum(earlier) / len(earlier)) - 1


def weekly_trend(times: Sequence[float], now: float) -> Trend:
    """Counts requests at these times, in unix seconds, by week before `now`.

    Requests older than WEEKS weeks count in the first week.
    """
    weekly = [0] * WEEKS
    for at in times:
        weeks_ago = int((now - at) // WEEK)
        weekly[WEEKS - 1 - min(max(weeks_ago, 0), WEEKS - 1)] += 1

    return Trend(tuple(weekly))


def match_ids(
    centroids: Sequence[NDArray[np.float32]], earlier: Mapping[str, NDArray[np.float32]]
) -> list[str]:
    """Returns an id for each centroid: that of the earlier candidate it matches, else a new one.

    Greedy one-to-one matching: from the nearest pair on, each id is given once, and only from a
    cosine of SAME_COSINE on. A new id is a hash of the centroid. The order of either side does not
    matter.
    """
    pairs = [
        (-float(centroid @ earlier[name]), name, index)
        for index, centroid in enumerate(centroids)
        for name in sorted(earlier)
    ]
    pairs.sort(key=lambda pair: pair[:2])
    ids: dict[int, str] = {}

    for negative_cosine, name, index in pairs:
        is_free = index not in ids and name not in ids.values()
        if is_free and -negative_cosine >= SAME_COSINE:
            ids[index] = name

    return [ids.get(index) or _new_id(centroid) for index, centroid in enumerate(centroids)]


def _new_id(centroid: NDArray[np.float32]) -> str:
    # Rounded, so that the same cluster gets the same id whatever order its rows were added up in.
    return hashlib.sha256(np.round(centroid, 3).astype("<f4").tobytes()).hexdigest()[:12]
