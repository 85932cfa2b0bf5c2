"""What was measured of a live version in a week, and the rules by which it is an alarm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from router.config import Settings
from router.statistics import SIGNIFICANCE
from router.text.printable import counted
from workers.drift.correction_rate import CorrectionRate, rate_increase
from workers.drift.input_shift import InputShift
from workers.drift.model_sunset import ModelSunset
from workers.evaluation.guardrails import MIN_ANSWERS
from workers.evaluation.paired import PairedAccuracy

AlarmKind = Literal["accuracy", "inputs", "corrected", "base", "ending", "forgotten"]

SHA256_DIGITS = 64
UNLEARNED = "Trained weights cannot forget, and that person was told so: retrain it, or retire it."


@dataclass(frozen=True, slots=True)
class DriftMeasurement:
    """A version's week.

    `own` are the reviewed test rows of its dataset, `golden` the test rows of its route's file.
    `weeks` is the trend of corrections, oldest first and this week last. `base` holds the old and
    the new fingerprint of each model that changed. `forgotten` says why the version must not stay
    as it is: it learned from words that were erased since.
    """

    own: PairedAccuracy
    golden: PairedAccuracy
    shift: InputShift
    promoted: CorrectionRate
    weeks: Sequence[CorrectionRate]
    base: Mapping[str, Sequence[str]] = field(default_factory=dict)
    ending: Sequence[ModelSunset] = ()
    forgotten: str = ""


@dataclass(frozen=True, slots=True)
class Alarm:
    """A rule that was broken: the figure beside its limit, and what that means for people."""

    kind: AlarmKind
    figure: str
    meaning: str


def triggered_alarms(measurement: DriftMeasurement, settings: Settings) -> list[Alarm]:
    """Returns every rule that was broken, in a fixed order; none where too little is known."""
    # A fixed order: the weekly messages must not change without a reason.
    alarms = [
        _accuracy_alarm(measurement, settings),
        _input_alarm(measurement.shift, settings),
        _correction_alarm(measurement, settings),
    ]
    for model, (old, new) in sorted(measurement.base.items()):
        alarms.append(_base_alarm(model, old, new))
    for sunset in measurement.ending:
        alarms.append(_sunset_alarm(sunset, settings))
    if measurement.forgotten:
        alarms.append(Alarm("forgotten", measurement.forgotten, UNLEARNED))

    return [alarm for alarm in alarms if alarm is not None]


def _accuracy_alarm(measurement: DriftMeasurement, settings: Settings) -> Alarm | None:
    """Returns an alarm if accuracy fell on the worse of the two sets of rows.

    It must have fallen by more than is allowed, with its whole 95 % interval below 0, and
    significantly by the exact test.
    """
    worst = min((measurement.own, measurement.golden), key=lambda accuracy: accuracy.change)
    limit = settings.drift_max_accuracy_drop
    # `high` below 0: even the upper end of the interval is a loss.
    significant = worst.high < 0 and worst.p < SIGNIFICANCE
    if worst.rows == 0 or worst.change >= -limit or not significant:
        return None

    rows = "its reviewed test rows"
    if worst is not measurement.own:
        rows = "the test rows of its route"

    return Alarm(
        "accuracy",
        f"{worst.now:.1%} of {counted(worst.rows, 'row')} right ({rows}), {worst.then:.1%} before: "
        f"{100 * worst.change:+.1f} points ({100 * worst.low:+.1f} to {100 * worst.high:+.1f}); "
        f"{100 * limit:.0f} fewer are allowed",
        "It answers the same questions worse than when it was tested: "
        "something that it depends on has changed.",
    )


def _input_alarm(shift: InputShift, settings: Settings) -> Alarm | None:
    """Returns an alarm if the PSI exceeds both the limit and what chance alone explains."""
    if shift.psi is None or shift.chance is None:
        return None
    # With few requests chance alone exceeds any fixed limit.
    if shift.psi <= max(settings.drift_psi, shift.chance):
        return None

    return Alarm(
        "inputs",
        f"PSI {shift.psi:.2f} over {shift.requests} requests; {settings.drift_psi:g} is the "
        f"limit, and chance alone seldom exceeds {shift.chance:.2f}",
        "People ask for other things than its training data has: "
        "its test figures say less about its present answers.",
    )


def _correction_alarm(measurement: DriftMeasurement, settings: Settings) -> Alarm | None:
    """Returns an alarm if corrections rose by more than is allowed, and significantly."""
    week = measurement.weeks[-1] if measurement.weeks else None
    promoted = measurement.promoted
    if week is None or week.answers < MIN_ANSWERS or promoted.answers == 0:
        return None

    increase, low, high = rate_increase(week, promoted)
    limit = settings.drift_max_correction_increase
    # `low` above 0: the rise is more than chance.
    if increase <= limit or low <= 0:
        return None

    return Alarm(
        "corrected",
        f"{week.share:.1%} of {week.answers} answers corrected this week, {promoted.share:.1%} "
        f"when it was promoted: {100 * increase:+.1f} points ({100 * low:+.1f} to "
        f"{100 * high:+.1f}); {100 * limit:.0f} more are allowed",
        "People have to correct its answers more often than before.",
    )


def _base_alarm(model: str, old: str, new: str) -> Alarm:
    return Alarm(
        "base",
        f"{model}: {_short(old)} when it was tested, {_short(new)} now",
        "The underlying model is another one: "
        "no earlier figure holds until the version is tested again.",
    )


def _sunset_alarm(sunset: ModelSunset, settings: Settings) -> Alarm:
    when = f"ended on {sunset.date}"
    if sunset.days > 0:
        when = f"ends on {sunset.date}, in {sunset.days} days"

    return Alarm(
        "ending",
        f"{sunset.model} {when}; warned {settings.model_sunset_warning_days:.0f} days before",
        "Its provider switches that model off: from then on it cannot answer.",
    )


def _short(fingerprint: str) -> str:
    """Returns the first digits of a hash; a name as it is."""
    is_hash = len(fingerprint) == SHA256_DIGITS and " " not in fingerprint
    return fingerprint[:12] if is_hash else fingerprint
