"""Confidence intervals and tests for what was counted and scored.

The one place for them: reports, drift checks, readiness, reviews, promotion and the evaluations
decide by the same rules. No interval here has width 0, also where every row agrees.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

Z = 1.959964
"""The 97.5 % quantile of the normal distribution: both ends of a 95 % interval."""
SIGNIFICANCE = 0.05
"""The p-value below which a difference is not taken for chance."""
BOOTSTRAP_DRAWS = 2000
CONFIDENCE_QUANTILES = (0.025, 0.975)
"""The ends of a 95 % interval."""
HALVINGS = 60
"""Steps of a bisection: the ends are exact to 1e-17 of the range."""


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """The mean of new minus old over the same rows (-1 to 1), with its 95 % interval.

    `better` and `worse` are the rows on which the new score is higher and lower; the others tie.
    `p` is the two-sided p-value of the exact sign test on those rows.
    """

    gain: float
    low: float
    high: float
    better: int
    worse: int
    p: float

    @property
    def significant(self) -> bool:
        """Whether the difference is more than chance, by the exact test and by the interval."""
        return self.p < SIGNIFICANCE and not self.low <= 0 <= self.high


def share_interval(share: float, count: int) -> tuple[float, float]:
    """Returns the 95 % Wilson score interval of a share (0-1) seen on `count` rows.

    Unlike a bootstrap it has a width also at 0 and at 1 (Wilson, "Probable inference, the law of
    succession, and statistical inference", 1927). Without rows nothing is known: (0, 1).
    """
    if count <= 0:
        return 0.0, 1.0

    middle = share + Z * Z / (2 * count)
    half = Z * math.sqrt(share * (1 - share) / count + Z * Z / (4 * count * count))
    scale = 1 + Z * Z / count

    # The share itself bounds both ends: at 0 and 1 rounding would leave it outside.
    low = min(share, max(0.0, (middle - half) / scale))
    return low, max(share, min(1.0, (middle + half) / scale))


def share_difference(
    share: float, count: int, other: float, other_count: int
) -> tuple[float, float, float]:
    """Returns `share` minus `other` (-1 to 1) of two independent sets of rows, and its interval.

    The 95 % interval is Newcombe's hybrid score interval for a difference of proportions
    ("Interval estimation for the difference between independent proportions", 1998, method 10).
    """
    low, high = share_interval(share, count)
    other_low, other_high = share_interval(other, other_count)
    difference = share - other

    return (
        difference,
        difference - math.hypot(share - low, other_high - other),
        difference + math.hypot(high - share, other - other_low),
    )


def mean_interval(scores: Sequence[float], seed: int = 0) -> tuple[float, float]:
    """Returns the 95 % interval of the mean of scores in 0-1; (0, 1) without any.

    Scores that are all 0 or 1 have the Wilson interval. Others have a percentile bootstrap over the
    rows and one more row at each end of the range, so that rows that agree leave some doubt: the
    same idea as adding a success and a failure to a count (Agresti and Coull, 1998).
    """
    data = np.asarray(scores, dtype=float)
    if not len(data):
        return 0.0, 1.0
    if np.isin(data, (0.0, 1.0)).all():
        return share_interval(float(data.mean()), len(data))

    return _bootstrap(data, (0.0, 1.0), seed)


def paired_difference(
    new: Sequence[float], old: Sequence[float], seed: int = 0
) -> PairedDifference:
    """Returns how the scores (0-1) of the same rows differ; the whole range without rows.

    Where each row is right or wrong, the interval is Tango's score interval for paired proportions
    ("Equivalence test and confidence interval for the difference in proportions for the
    paired-sample design", 1998). Scores in between have the bootstrap of `mean_interval`.
    """
    gains = np.asarray(new, dtype=float) - np.asarray(old, dtype=float)
    if not len(gains):
        return PairedDifference(0.0, -1.0, 1.0, 0, 0, 1.0)

    better, worse = int((gains > 0).sum()), int((gains < 0).sum())
    if np.isin(gains, (-1.0, 0.0, 1.0)).all():
        low, high = _score_interval(better, worse, len(gains))
    else:
        low, high = _bootstrap(gains, (-1.0, 1.0), seed)

    return PairedDifference(
        gain=float(gains.mean()),
        low=low,
        high=high,
        better=better,
        worse=worse,
        p=sign_test(better, worse),
    )


def sign_test(better: int, worse: int) -> float:
    """Returns the two-sided p-value of the exact sign test: McNemar's test for right and wrong.

    It asks how likely chance alone splits the rows that differ at least as unevenly, if better and
    worse were equally likely. 1 where no row differs.
    """
    differing = better + worse
    # Whole numbers until the end: a float would overflow from 1,030 rows on.
    ways = term = 1
    for number in range(1, min(better, worse) + 1):
        term = term * (differing - number + 1) // number
        ways += term

    # The division of whole numbers is correctly rounded, however large they are.
    return min(1.0, (2 * ways) / (1 << differing))


def rows_for_margin(margin: float) -> int:
    """Returns how many rows that all tie put the low end of the interval above `-margin`."""
    return math.floor(Z * Z * (1 - margin) / margin) + 1


def _bootstrap(data: np.ndarray, ends: tuple[float, float], seed: int) -> tuple[float, float]:
    """Returns the percentile bootstrap of the mean, with one more row at each end of the range."""
    widened = np.concatenate([data, ends])
    # A fixed seed: the same rows must give the same report.
    rng = np.random.default_rng(seed)
    means = [float(rng.choice(widened, len(widened)).mean()) for _ in range(BOOTSTRAP_DRAWS)]
    low, high = np.quantile(means, CONFIDENCE_QUANTILES)

    mean = float(data.mean())
    return min(mean, float(low)), max(mean, float(high))


def _score_interval(better: int, worse: int, count: int) -> tuple[float, float]:
    """Returns Tango's interval of `(better - worse) / count`."""
    gain = (better - worse) / count

    def is_above(difference: float) -> bool:
        return _score_statistic(better, worse, count, difference) > Z

    def is_below(difference: float) -> bool:
        return _score_statistic(better, worse, count, difference) < -Z

    # The statistic falls as the assumed difference grows.
    low = _bisect(-1.0, gain, is_above)
    high = -_bisect(-1.0, -gain, lambda negative: is_below(-negative))
    return low, high


def _bisect(outside: float, inside: float, rejected: Callable[[float], bool]) -> float:
    """Returns the end of an interval between a value outside and one inside it."""
    for _ in range(HALVINGS):
        middle = (outside + inside) / 2
        if rejected(middle):
            outside = middle
        else:
            inside = middle

    return outside


def _score_statistic(better: int, worse: int, count: int, difference: float) -> float:
    """Returns the standardised distance between the gain that was seen and an assumed one."""
    distance = better - worse - count * difference
    # The likeliest share of worse rows, if the assumed difference were true (Tango 1998, eq. 4).
    middle = -better - worse + (2 * count - better + worse) * difference
    product = -worse * difference * (1 - difference)
    root = math.sqrt(max(0.0, middle * middle - 8 * count * product))
    share_worse = (root - middle) / (4 * count)
    variance = count * (2 * share_worse + difference * (1 - difference))

    if variance <= 0:
        return math.copysign(math.inf, distance) if distance else 0.0

    return distance / math.sqrt(variance)
