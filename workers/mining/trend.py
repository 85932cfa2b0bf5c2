"""How a candidate goes through the weeks: its counts, and its id, which it keeps as long as it is the same request."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

WEEK = 7 * 86_400.0
WEEKS = 4
SAME = 0.85


@dataclass(frozen=True, slots=True)
class Trend:
    """Requests in each of the last four weeks, oldest first; `seen` is in how many of them there were any."""

    weekly: tuple[int, ...]

    @property
    def seen(self) -> int:
        """In how many weeks it was asked."""
        return sum(count > 0 for count in self.weekly)

    @property
    def change(self) -> float:
        """The newest week against the mean of those before it: 0 the same, 1 twice as many; 0 without a past."""
        before = [count for count in self.weekly[:-1] if count]
        return self.weekly[-1] / (sum(before) / len(before)) - 1 if before else 0.0


def trend(times: Sequence[float], now: float) -> Trend:
    """The trend of rows asked at these times, in unix seconds; rows older than four weeks count in the first week."""
    weekly = [0] * WEEKS
    for at in times:
        back = int((now - at) // WEEK)
        weekly[WEEKS - 1 - min(max(back, 0), WEEKS - 1)] += 1

    return Trend(tuple(weekly))


def keep_ids(
    centroids: Sequence[NDArray[np.float32]], before: Mapping[str, NDArray[np.float32]]
) -> list[str]:
    """An id for each centroid: that of the earlier candidate it is the same as, else a new one made of the centroid.

    Two are the same from a cosine of SAME; the nearest pairs are matched first and each id is given
    once, whatever the order of either side.
    """
    ids: dict[int, str] = {}
    names = sorted(before)

    pairs = sorted(
        (
            (-float(centroid @ before[name]), name, i)
            for i, centroid in enumerate(centroids)
            for name in names
        ),
        key=lambda pair: pair[:2],
    )
    for cosine, name, i in pairs:
        if -cosine >= SAME and i not in ids and name not in ids.values():
            ids[i] = name

    return [ids.get(i) or _new_id(centroid) for i, centroid in enumerate(centroids)]


def _new_id(centroid: NDArray[np.float32]) -> str:
    return hashlib.sha256(np.round(centroid, 3).astype("<f4").tobytes()).hexdigest()[:12]
