"""Estimates what a tuned model would reach, before anything is trained.

The learners of the trials and their learning curve say what can be learned from the messages;
earlier reports say how much better tuned versions were here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from router.statistics import share_interval
from workers.readiness.readiness_input import TuningEstimate
from workers.readiness.trial_results import LearnedResult, Trials

MAX_ERROR_CUT = 0.5
"""The least share of today's errors that more rows may be expected to leave: an extrapolated curve
is a guess, and a bold one is worse than none."""
PRIOR_REPORTS = 2.0
"""Earlier reports count as much as the curve once there are so many of them."""


def estimate_tuning(trials: Trials, rows_to_learn: int) -> TuningEstimate | None:
    """Returns the expected accuracy of a model tuned on `rows_to_learn` rows; None if unknown."""
    learned = trials.learned
    if learned is None:
        return None

    low, high = share_interval(learned.learner, learned.rows)
    likely = _at(learned, rows_to_learn)

    if trials.earlier_reports and learned.head is not None:
        weight = trials.earlier_reports / (trials.earlier_reports + PRIOR_REPORTS)
        by_reports = min(1.0, max(0.0, learned.head + trials.earlier_gain))
        likely = weight * by_reports + (1 - weight) * likely

    # What is extrapolated widens the interval on its own side only.
    return TuningEstimate(min(low, likely), likely, max(high, likely))


def _at(learned: LearnedResult, rows: int) -> float:
    """Returns the learner's accuracy with so many rows, by a power law of its errors.

    Errors fall as a power of the number of rows (Hestness et al., "Deep learning scaling is
    predictable, empirically", 2017). Never below today's accuracy, nor too far above it.
    """
    slope = _slope(learned.curve)
    now = max((count for count, _ in learned.curve), default=0)
    if rows <= now or now == 0 or slope >= 0:
        return learned.learner

    left = max(MAX_ERROR_CUT, math.pow(rows / now, slope))
    return 1 - (1 - learned.learner) * left


def _slope(curve: Sequence[tuple[int, float]]) -> float:
    """Returns the exponent of the errors over the rows, by least squares of the logarithms."""
    points = [(math.log(rows), math.log(1 - accuracy)) for rows, accuracy in curve if accuracy < 1]
    if len(points) < 2:
        return 0.0

    x, y = np.array(points).T
    return float(np.polyfit(x, y, 1)[0])
