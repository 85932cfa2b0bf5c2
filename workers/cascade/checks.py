"""Checks of an answer, calibrated on a route's dev rows: which signals separate right from wrong.

A signal that does not separate them there is not used, however sure a model says it is.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workers.cascade.signals import PLAIN_FAULTS

RIGHT = 0.5
"""The score (0-1) from which a row's answer counts as right."""
MIN_OF_EACH = 3
"""Right and wrong rows that are needed to tell whether a signal separates them."""
STOPPED_COST = 0.12
"""What a right answer that is escalated for nothing costs, in wrong answers that are caught."""
SEPARATION_Z = 1.64
"""Standard errors by which the area under the curve must be above one half: one-sided, 95 %."""


@dataclass(frozen=True, slots=True)
class ScoredAnswer:
    """A dev row's answer: its signals, and its score in 0-1."""

    signals: Mapping[str, float]
    score: float


@dataclass(frozen=True, slots=True)
class Checks:
    """What lets an answer stand: signals must reach these least values.

    `rejected` are faults that the route's rows show to be none.
    """

    least: Mapping[str, float]
    rejected: Collection[str] = ()

    @classmethod
    def of_measurement(cls, body: Mapping[str, Any] | None) -> Checks:
        """Returns the checks of a stored measurement; only the plain faults where there is none."""
        stored = (body or {}).get("checks", {})
        return cls(dict(stored.get("least", {})), tuple(stored.get("rejected", ())))

    def as_json(self) -> dict[str, Any]:
        """Returns the checks as a measurement stores them."""
        return {"least": dict(self.least), "rejected": sorted(self.rejected)}

    def failed(self, signals: Mapping[str, float]) -> list[str]:
        """Returns the names of the checks that an answer with these signals fails."""
        names = []
        for name in PLAIN_FAULTS:
            if signals.get(name, 1.0) < 1.0 and name not in self.rejected:
                names.append(name)

        for name, least in self.least.items():
            value = signals.get(name)
            if value is not None and value < least:
                names.append(name)

        return names


def calibrate_checks(answers: Sequence[ScoredAnswer]) -> Checks:
    """Returns the checks that separate right from wrong on these rows.

    The best signal is chosen first; each further one has to separate what passes those before it,
    so that two signals that say the same do not both escalate.
    """
    rejected = [name for name in PLAIN_FAULTS if _is_no_fault(answers, name)]
    rest = [answer for answer in answers if not Checks({}, rejected).failed(answer.signals)]
    names = {name for answer in answers for name in answer.signals} - set(PLAIN_FAULTS)
    least: dict[str, float] = {}

    while names:
        areas = {name: area_bound(rest, name) for name in sorted(names)}
        best = max(areas, key=lambda name: areas[name])
        if areas[best] <= 0.5:
            break

        names.remove(best)
        threshold = _threshold(rest, best)
        if threshold is None:
            continue

        least[best] = threshold
        check = Checks({best: threshold}, PLAIN_FAULTS)
        rest = [answer for answer in rest if not check.failed(answer.signals)]

    return Checks(least, rejected)


def area_bound(answers: Sequence[ScoredAnswer], name: str) -> float:
    """Returns a lower bound of how often a right answer has more of a signal than a wrong one.

    That is the area under the ROC curve; its standard error is Hanley and McNeil's (1982). Below
    one half nothing is known.
    """
    right, wrong = _values(answers, name)
    if len(right) < MIN_OF_EACH or len(wrong) < MIN_OF_EACH:
        return 0.0

    wins = 0.0
    for high in right:
        for low in wrong:
            wins += 1.0 if high > low else 0.5 if high == low else 0.0

    area = wins / (len(right) * len(wrong))
    # For a perfect separation the formula would say that there is no doubt at all.
    bounded = min(area, 1 - 1 / (2 * len(right) * len(wrong)))
    first, second = bounded / (2 - bounded), 2 * bounded**2 / (1 + bounded)
    variance = (
        bounded * (1 - bounded)
        + (len(right) - 1) * (first - bounded**2)
        + (len(wrong) - 1) * (second - bounded**2)
    ) / (len(right) * len(wrong))
    return area - SEPARATION_Z * math.sqrt(max(0.0, variance))


def _threshold(answers: Sequence[ScoredAnswer], name: str) -> float | None:
    """Returns the least value that is worth most: wrong answers caught, less right ones stopped.

    Between two neighbouring values the middle is taken. None where no value is worth anything.
    """
    right, wrong = _values(answers, name)
    values = sorted({*right, *wrong})
    best, best_gain = None, 0.0
    for low, high in itertools.pairwise(values):
        least = (low + high) / 2
        caught = sum(value < least for value in wrong)
        gain = caught - STOPPED_COST * sum(value < least for value in right)
        if gain > best_gain:
            best, best_gain = least, gain

    return best


def _values(answers: Sequence[ScoredAnswer], name: str) -> tuple[list[float], list[float]]:
    right: list[float] = []
    wrong: list[float] = []
    for answer in answers:
        if name in answer.signals:
            (right if answer.score >= RIGHT else wrong).append(answer.signals[name])

    return right, wrong


def _is_no_fault(answers: Sequence[ScoredAnswer], name: str) -> bool:
    """Returns whether answers with this fault are right as often as the others."""
    faulty = [answer.score for answer in answers if answer.signals.get(name, 1.0) < 1.0]
    others = [answer.score for answer in answers if answer.signals.get(name, 1.0) >= 1.0]
    if not faulty:
        return False

    usual = sum(others) / len(others) if others else RIGHT
    return sum(faulty) / len(faulty) >= usual
