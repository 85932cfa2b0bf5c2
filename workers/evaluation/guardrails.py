"""The limits that a version in shadow, canary or live must keep, or it is rolled back."""

from __future__ import annotations

from router.config import Settings
from router.statistics import share_difference, share_interval
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


def canary_step_complete(
    settings: Settings, calls: int, seconds: float, report: Report | None
) -> bool:
    """Returns whether a canary step has answers enough, or has waited long enough for them.

    Where few people ask, a step has nobody in it, or too few, and would wait for ever. Then the
    `report` on held-out rows, which the version passed before its canary, counts instead. A version
    without a report waits on.
    """
    if calls >= settings.canary_min_requests:
        return True

    waited = bool(settings.canary_hours) and seconds >= settings.canary_hours * HOUR_SECONDS
    return waited and report is not None


def shadow_failure(settings: Settings, metrics: VersionMetrics, *, has_schema: bool) -> str | None:
    """Returns why a version in shadow must be rolled back, None where nothing is wrong.

    As with answers that people see, a share that may lie within its limit by chance rolls nothing
    back. `has_schema` is whether its answers must have a form; free text only fails by being none.
    """
    if metrics.calls < settings.shadow_min_requests:
        return None
    if share_interval(metrics.valid, metrics.calls)[1] >= settings.rollback_min_valid:
        return None

    failed = metrics.calls - round(metrics.valid * metrics.calls)
    what = "no answer, or none in the right format," if has_schema else "no usable answer"
    return (
        f"in its shadow test the model gave {what} to {failed} of {metrics.calls} requests; at "
        f"most {1 - settings.rollback_min_valid:.0%} may fail"
    )


def trial_row_count(report: Report | None) -> int:
    """Returns how many held-out requests a drafted route was tried on, 0 without a report.

    They count towards the shadow test's least number, because there is no live version to compare
    the draft with.
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

    None where nothing is wrong, or too little is known: a share that may lie within its limit by
    chance (95 % interval) rolls nothing back.
    """
    if new.calls < MIN_ANSWERS:
        return None

    if share_interval(new.valid, new.calls)[1] < settings.rollback_min_valid:
        return (
            f"only {new.valid:.1%} of {new.calls} answers had the right format; "
            f"at least {settings.rollback_min_valid:.0%} is required"
        )

    if _is_corrected_more(new, old, settings.rollback_max_correction_increase):
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


def _is_corrected_more(new: VersionMetrics, old: VersionMetrics, allowed: float) -> bool:
    """Returns whether people surely correct it more, and by more than is allowed.

    It is compared with the previous version, because people correct some routes more than others;
    without one the rate itself must surely be above what is allowed.
    """
    if not old.calls:
        return share_interval(new.corrected, new.calls)[0] > allowed

    difference, low, _ = share_difference(new.corrected, new.calls, old.corrected, old.calls)
    return difference > allowed and low > 0
