"""How often people correct a version's answers, by week and during its rollout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from router.statistics import share_difference, share_interval
from router.store.versions.shadow_runs import ShadowRuns, VersionMetrics

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
    low, high = share_interval(metrics.corrected, metrics.calls)
    return CorrectionRate(metrics.calls, corrected, metrics.corrected, low, high)


def rate_increase(now: CorrectionRate, then: CorrectionRate) -> tuple[float, float, float]:
    """Returns the increase of the rate since then (-1 to 1), and the ends of its 95 % interval."""
    return share_difference(now.share, now.answers, then.share, then.answers)


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
