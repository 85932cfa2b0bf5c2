"""How often people correct a version's answers, by week and during its rollout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from router.store.versions.shadow_runs import ShadowRuns, VersionMetrics

Z = 1.96
"""Standard deviations of a 95 % interval."""
WEEK_SECONDS = 7 * 86_400.0
TREND_WEEKS = 8
"""Weeks of the trend that are kept."""


@dataclass(frozen=True, slots=True)
class CorrectionRate:
    """`corrected` of `answers`, and the rate with its 95 % Wilson interval, in 0-1."""

    answers: int
    corrected: int
    share: float
    low: float
    high: float


def correction_rate(metrics: VersionMetrics) -> CorrectionRate:
    """Returns the rate at which people corrected a version's answers."""
    corrected = round(metrics.corrected * metrics.calls)
    low, high = wilson_interval(corrected, metrics.calls)
    return CorrectionRate(metrics.calls, corrected, metrics.corrected, low, high)


def wilson_interval(hits: int, trials: int) -> tuple[float, float]:
    """Returns the 95 % Wilson score interval of a proportion (Wilson 1927).

    All of 0-1 without trials.
    """
    if trials == 0:
        return 0.0, 1.0

    # Unlike the normal approximation it holds for small counts and for shares near 0 or 1.
    share = hits / trials
    squared = Z * Z
    scale = 1 + squared / trials
    centre = (share + squared / (2 * trials)) / scale
    variance = share * (1 - share) / trials + squared / (4 * trials * trials)
    half_width = Z * sqrt(variance) / scale

    return max(0.0, centre - half_width), min(1.0, centre + half_width)


def rate_increase(now: CorrectionRate, then: CorrectionRate) -> tuple[float, float, float]:
    """Returns the increase of the rate since then (-1 to 1), and the ends of its 95 % interval.

    Newcombe's hybrid score interval for a difference of proportions (1998, method 10).
    """
    increase = now.share - then.share
    low = increase - sqrt((now.share - now.low) ** 2 + (then.high - then.share) ** 2)
    high = increase + sqrt((now.high - now.share) ** 2 + (then.share - then.low) ** 2)

    return increase, low, high


def rate_at_promotion(
    runs: ShadowRuns, team: str, route: str, version: str, previous: str, live_since: float
) -> CorrectionRate:
    """Returns the rate during the version's canary, in its workspace.

    Where it had answered nobody by then, the rate of the version before it.
    """
    metrics = runs.answer_metrics(team, route, version, until=live_since)
    # A version can go live without a canary, for instance from a file.
    if not metrics.calls and previous:
        metrics = runs.answer_metrics(team, route, previous, until=live_since)

    return correction_rate(metrics)


def weekly_rates(
    runs: ShadowRuns, team: str, route: str, version: str, since: float, until: float
) -> Sequence[CorrectionRate]:
    """Returns the rate of each of the last weeks from `since` to `until`, oldest first."""
    weeks = min(TREND_WEEKS, max(1, int((until - since) // WEEK_SECONDS) + 1))
    rates = []

    for number in range(weeks, 0, -1):
        start = until - number * WEEK_SECONDS
        end = start + WEEK_SECONDS
        # A week that ended before it went live says nothing about this version.
        if end > since:
            metrics = runs.answer_metrics(team, route, version, max(start, since), end)
            rates.append(correction_rate(metrics))

    return rates
