"""How good a version is: judged answers with decay, and a lower confidence bound of their mean."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

DAY_SECONDS = 86_400.0
HALF_LIFE_DAYS = 30.0
"""After so many days a judged answer counts half: models, prompts and requests change."""
MEMORY = 100.0
"""Newer evidence of this weight leaves 1/e of what an older answer counts for."""
SHORT_MEMORY = 12.0
"""The same for the newest answers alone, which show a change before the long memory does."""
MIN_CHANGE_WEIGHT = 2.0
"""The newest answers decide alone only where they weigh this much, and as much again for doubt."""
BOUND_Z = 0.52
"""Standard deviations of the bound that a choice relies on: one-sided, 70 %. Errors of the choice
are found and corrected by what people make of the answers; at 80 % half as much was saved."""
CHANGE_Z = 1.64
"""The same for believing that quality has changed: one-sided, 95 %."""


REPORTED = 0.3
"""Share of wrong answers that people report: silence is a weak sign that an answer was right."""


@dataclass(frozen=True, slots=True)
class JudgedAnswer:
    """One answer of a version with how right it was (`value`, 0-1) and how sure that is (`weight`).

    A weight of 1 is a person's explicit opinion or a known right answer; less is an indication.
    With `silent` nobody has said anything, and the value counts for nothing. `stood` says whether
    the checks let the answer stand; `at` is in unix seconds.
    """

    value: float
    weight: float
    at: float
    stood: bool = True
    region: str = ""
    silent: bool = False


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean in 0-1 and the weight of what it was taken from; with the weight 0 nothing is known.

    Bounds are Wilson's score interval, which holds for few answers and near 0 and 1 (E. B. Wilson,
    "Probable inference, the law of succession, and statistical inference", 1927).
    """

    mean: float = 0.0
    weight: float = 0.0

    @property
    def bound(self) -> float:
        """The lower bound that a choice relies on, 0 where nothing is known."""
        return self.interval(BOUND_Z)[0]

    def interval(self, z: float) -> tuple[float, float]:
        """Returns the bounds that are `z` standard deviations away."""
        if self.weight <= 0:
            return 0.0, 1.0

        mean = min(1.0, max(0.0, self.mean))
        spread = z * z / self.weight
        centre = (mean + spread / 2) / (1 + spread)
        half = math.sqrt(spread * mean * (1 - mean) + spread * spread / 4) / (1 + spread)
        return max(0.0, centre - half), min(1.0, centre + half)

    def joined(self, other: Estimate, max_weight: float = math.inf) -> Estimate:
        """Returns both together; `other` counts for at most `max_weight`."""
        added = min(other.weight, max_weight)
        total = self.weight + added
        if total <= 0:
            return Estimate()

        return Estimate((self.mean * self.weight + other.mean * added) / total, total)


UNKNOWN = Estimate()
"""Where nothing is known."""


def estimate_quality(answers: Iterable[JudgedAnswer], prior: Estimate, now: float) -> Estimate:
    """Returns the quality that these answers show, the order of which does not matter.

    Older answers count less, by time and by what came after them; so does the `prior`. Where the
    newest answers alone differ clearly from all together, quality has changed, and they decide.
    """
    newest_first = sorted(
        answers, key=lambda answer: (-answer.at, answer.value, answer.weight, answer.silent)
    )
    total = sum(answer.weight for answer in newest_first)
    faded = Estimate(prior.mean, prior.weight * math.exp(-total / MEMORY))
    known = _decayed(newest_first, MEMORY, now).estimate(faded)

    # Anchored a little, so that a few answers that nobody spoke of prove no change.
    anchor = Estimate(known.mean, MIN_CHANGE_WEIGHT)
    recent = _decayed(newest_first, SHORT_MEMORY, now).estimate(anchor)
    if recent.weight >= 2 * MIN_CHANGE_WEIGHT:
        low, high = recent.interval(CHANGE_Z)
        if not low <= known.mean <= high:
            return recent

    return known


def mean_of(values: Sequence[float]) -> Estimate:
    """Returns the estimate of values that are all equally certain, such as rows of a test split."""
    return Estimate(sum(values) / len(values), float(len(values))) if values else Estimate()


@dataclass(slots=True)
class _Sums:
    """Decayed sums: of values and weights of opinions, of silent answers, and of all weights."""

    value: float = 0.0
    opinions: float = 0.0
    silent: float = 0.0
    weight: float = 0.0

    def estimate(self, prior: Estimate) -> Estimate:
        """Returns the most likely quality, and what it weighs.

        An answer without an opinion is right with probability q / (q + (1 - q)(1 - REPORTED)).
        With that as its value the mean q is the positive root of a quadratic equation: the fixed
        point of expectation maximisation (Dempster, Laird and Rubin, 1977).
        """
        known = self.value + prior.mean * prior.weight
        total = self.opinions + self.silent + prior.weight
        if self.opinions + prior.weight <= 0:
            # Silence alone says nothing.
            return Estimate()

        linear = (1 - REPORTED) * total - REPORTED * known - self.silent
        root = math.sqrt(linear * linear + 4 * REPORTED * total * known * (1 - REPORTED))
        mean = (root - linear) / (2 * REPORTED * total)
        # Some people never complain, so silence proves nothing better than what is known without
        # it; it says how many answers the complaints are to be divided by.
        known_means = [prior.mean] if prior.weight > 0 else []
        if self.opinions > 0:
            known_means.append(self.value / self.opinions)

        mean = min(mean, max(known_means, default=0.0))
        return Estimate(min(1.0, max(0.0, mean)), self.weight + prior.weight)


def _decayed(newest_first: Sequence[JudgedAnswer], memory: float, now: float) -> _Sums:
    sums = _Sums()
    newer = 0.0
    for answer in newest_first:
        days = max(0.0, now - answer.at) / DAY_SECONDS
        factor = 0.5 ** (days / HALF_LIFE_DAYS) * math.exp(-newer / memory)
        sums.weight += factor * answer.weight
        newer += answer.weight
        if answer.silent:
            sums.silent += factor
        else:
            sums.opinions += factor * answer.weight
            sums.value += factor * answer.weight * answer.value

    return sums
