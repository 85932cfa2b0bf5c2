"""What was measured of a version in a week, and by which rules it is an alarm; each has its figure and its meaning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from router.config import Settings
from workers.drift.correction_rate import Share, rise
from workers.drift.input_shift import Shift
from workers.drift.model_sunset import Ending
from workers.evaluation.guardrails import FEWEST
from workers.evaluation.paired import Paired

Kind = Literal["accuracy", "inputs", "corrected", "base", "ending", "forgotten"]

UNLEARNED = "Weights cannot forget, and that person was told so: train it anew, or retire it."


@dataclass(frozen=True, slots=True)
class Measured:
    """A version's week. `own` are the reviewed test rows of its dataset, `golden` the test rows of its route's file.

    `weeks` is the trend of corrections, oldest first and this week last; `base` what was and what
    is, by model; `forgotten` why it must not stay as it is, because it learned from words that were
    erased since.
    """

    own: Paired
    golden: Paired
    shift: Shift
    promoted: Share
    weeks: Sequence[Share]
    base: Mapping[str, Sequence[str]] = field(default_factory=dict)
    ending: Sequence[Ending] = ()
    forgotten: str = ""


@dataclass(frozen=True, slots=True)
class Alarm:
    """A rule that was broken: the figure beside its limit, and what that means for people, each a sentence."""

    kind: Kind
    figure: str
    meaning: str


def alarms(found: Measured, settings: Settings) -> list[Alarm]:
    """Every rule that was broken, in a fixed order; none where too little is known to tell."""
    told = [_accuracy(found, settings), _inputs(found.shift, settings), _corrected(found, settings)]
    told += [_base(name, *parts) for name, parts in sorted(found.base.items())]
    told += [_ending(one, settings) for one in found.ending]
    told.append(Alarm("forgotten", found.forgotten, UNLEARNED) if found.forgotten else None)

    return [alarm for alarm in told if alarm is not None]


def _accuracy(found: Measured, settings: Settings) -> Alarm | None:
    """The worse of the two sets of rows, where it fell by more than is allowed and the whole interval says it fell."""
    worst = min((found.own, found.golden), key=lambda one: one.change)
    if worst.rows == 0 or worst.change >= -settings.drift_accuracy or worst.high >= 0:
        return None

    where = "its reviewed test rows" if worst is found.own else "the test rows of its route"
    return Alarm(
        "accuracy",
        f"{worst.now:.1%} of {worst.rows} rows right ({where}), {worst.then:.1%} before: {100 * worst.change:+.1f} "
        f"points ({100 * worst.low:+.1f} to {100 * worst.high:+.1f}); "
        f"{100 * settings.drift_accuracy:.0f} fewer are allowed",
        "It answers the same questions worse than when it was proved: something beneath it has changed.",
    )


def _inputs(shift: Shift, settings: Settings) -> Alarm | None:
    if (
        shift.psi is None
        or shift.chance is None
        or shift.psi <= max(settings.drift_psi, shift.chance)
    ):
        return None

    return Alarm(
        "inputs",
        f"PSI {shift.psi:.2f} over {shift.requests} requests; {settings.drift_psi:g} is the limit, "
        f"and chance alone seldom exceeds {shift.chance:.2f}",
        "People ask for other things than it was taught: its figures say less about what it answers now.",
    )


def _corrected(found: Measured, settings: Settings) -> Alarm | None:
    week = found.weeks[-1] if found.weeks else None
    if week is None or week.answers < FEWEST or found.promoted.answers == 0:
        return None

    change, low, high = rise(week, found.promoted)
    if change <= settings.drift_corrected or low <= 0:
        return None

    return Alarm(
        "corrected",
        f"{week.share:.1%} of {week.answers} answers corrected this week, {found.promoted.share:.1%} when it was let "
        f"in: {100 * change:+.1f} points ({100 * low:+.1f} to {100 * high:+.1f}); "
        f"{100 * settings.drift_corrected:.0f} more are allowed",
        "People have to put its answers right more often than they did.",
    )


def _base(name: str, old: str, new: str) -> Alarm:
    return Alarm(
        "base",
        f"{name}: {_short(old)} when it was proved, {_short(new)} now",
        "The model beneath it is another one: nothing that was measured holds until it is proved again.",
    )


def _ending(one: Ending, settings: Settings) -> Alarm:
    when = f"ends on {one.date}, in {one.days} days" if one.days > 0 else f"ended on {one.date}"
    return Alarm(
        "ending",
        f"{one.model} {when}; warned {settings.drift_end_days:.0f} days before",
        "Its provider switches that model off: from then on it cannot answer.",
    )


def _short(mark: str) -> str:
    """A hash is told by its first digits; a name as it is."""
    return mark[:12] if len(mark) == 64 and " " not in mark else mark
