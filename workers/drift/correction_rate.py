"""How often answers are corrected, week by week, against how often they were when the version was let in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from router.store.versions.trials import Record, Trials

Z = 1.96
"""Standard deviations of a 95 % interval."""
WEEK = 7 * 86_400.0
SHOWN = 8
"""Weeks of the trend that are kept."""


@dataclass(frozen=True, slots=True)
class Share:
    """`corrected` of `answers`, with the 95 % interval of the share (Wilson 1927), all in 0-1."""

    answers: int
    corrected: int
    share: float
    low: float
    high: float


def share_of(record: Record) -> Share:
    """The share of a version's answers that people corrected."""
    corrected = round(record.corrected * record.calls)
    low, high = wilson(corrected, record.calls)
    return Share(record.calls, corrected, record.corrected, low, high)


def wilson(hits: int, trials: int) -> tuple[float, float]:
    """The 95 % interval of a share; all of 0-1 where nothing was tried."""
    if trials == 0:
        return 0.0, 1.0

    share, squared = hits / trials, Z * Z
    middle = (share + squared / (2 * trials)) / (1 + squared / trials)
    half = (
        Z
        * sqrt(share * (1 - share) / trials + squared / (4 * trials * trials))
        / (1 + squared / trials)
    )

    return max(0.0, middle - half), min(1.0, middle + half)


def rise(now: Share, then: Share) -> tuple[float, float, float]:
    """How much larger the share is now than it was then (-1 to 1), and the 95 % interval of that (Newcombe 1998)."""
    change = now.share - then.share
    low = change - sqrt((now.share - now.low) ** 2 + (then.high - then.share) ** 2)
    high = change + sqrt((now.high - now.share) ** 2 + (then.share - then.low) ** 2)

    return change, low, high


def at_promotion(trials: Trials, route: str, version: str, before: str, live_at: float) -> Share:
    """The share while the version was let in; where it had answered nobody by then, that of the version before it."""
    own = trials.answered(route, version, until=live_at)
    return share_of(
        own if own.calls or not before else trials.answered(route, before, until=live_at)
    )


def by_week(
    trials: Trials, route: str, version: str, since: float, until: float
) -> Sequence[Share]:
    """The share of each of the last weeks up to `until`, oldest first, none of them from before `since`."""
    weeks = min(SHOWN, max(1, int((until - since) // WEEK) + 1))
    starts = [until - number * WEEK for number in range(weeks, 0, -1)]
    return [
        share_of(trials.answered(route, version, max(start, since), start + WEEK))
        for start in starts
        if start + WEEK > since
    ]
