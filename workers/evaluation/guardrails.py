"""The limits that a version in shadow, canary or live must keep, or it is rolled back."""

from __future__ import annotations

from router.config import Settings
from router.store.versions.shadow_runs import VersionMetrics
from router.store.weekly.datasets import Report

MIN_ANSWERS = 20
"""With fewer answers, a difference cannot be distinguished from chance."""
MIN_RELATIVE_AGREEMENT = 0.95
"""How much of the live version's agreement with itself a version in shadow is expected to reach."""
HOUR_SECONDS = 3600.0


def shadow_complete(settings: Settings, calls: int, seconds: float) -> bool:
    """Returns whether a version has run in shadow often or long enough for a canary."""
    if calls >= settings.shadow_min_requests:
        return True

    # A quiet route may proceed after some hours, with fewer requests.
    long_enough = bool(settings.shadow_hours) and seconds >= settings.shadow_hours * HOUR_SECONDS
    return long_enough and calls >= min(MIN_ANSWERS, settings.shadow_min_requests)


def replayed(report: Report | None) -> int:
    """Returns how many held-out requests a drafted route was tried on.

    There is no live version beside which it could run, so these count as its shadow test's.
    """
    return 0 if report is None else int(report.body["rows"])


def disagrees(shadow: VersionMetrics, live: VersionMetrics) -> bool:
    """Returns whether a shadow version agrees with the live one less than that with itself.

    `live` are the figures of the live version, asked again: a model does not always repeat itself.
    """
    if not shadow.calls or not live.calls:
        return False

    return shadow.agreed < MIN_RELATIVE_AGREEMENT * live.agreed


def rollback_reason(settings: Settings, new: VersionMetrics, old: VersionMetrics) -> str | None:
    """Returns why the new version must be rolled back.

    None where nothing is wrong, or too little is known.
    """
    if new.calls < MIN_ANSWERS:
        return None

    if new.valid < settings.rollback_min_valid:
        return (
            f"only {new.valid:.1%} of {new.calls} answers had the right format; "
            f"at least {settings.rollback_min_valid:.0%} is required"
        )

    # Compared with the previous version, because people correct some routes more than others.
    if new.corrected > old.corrected + settings.rollback_max_correction_increase:
        return (
            f"{new.corrected:.1%} of {new.calls} answers were corrected or thumbed down, "
            f"{old.corrected:.1%} before; an increase of at most "
            f"{100 * settings.rollback_max_correction_increase:.0f} points is allowed"
        )

    limit = settings.rollback_max_slowdown
    for unit, value, before in (("seconds", new.seconds, old.seconds), ("USD", new.usd, old.usd)):
        # Without figures of the previous version there is nothing to compare with.
        if old.calls and before > 0 and value > limit * before:
            return (
                f"an answer takes {value:.3g} {unit}, {before:.3g} before; at most {limit:g} times"
            )

    return None
