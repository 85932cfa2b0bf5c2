"""What retraining would cost and what waiting costs, in USD.

From the last bill, the settings and the week.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from router.config import Settings
from workers.drift.alarms import DriftMeasurement
from workers.readiness import thresholds as limits


@dataclass(frozen=True, slots=True)
class RetrainingCost:
    """The cost of one retraining, and of each week without one.

    `cpu_seconds` is what the last training took, None where unknown. A wrong answer costs
    somebody `wrong_minutes`: an estimate, and shown as one.
    """

    retune_usd: float
    review_hours: float
    review_usd: float
    training_usd: float
    cpu_seconds: float | None
    wrong_a_week: float
    waiting_usd_a_week: float
    wrong_minutes: float


def retraining_cost(
    settings: Settings, bill: Mapping[str, Any], measurement: DriftMeasurement
) -> RetrainingCost:
    """Returns the costs.

    Training on this machine costs its CPU time, where that has a price in the settings.
    """
    costs = limits.tuning_costs(settings)
    cpu_seconds = None
    for name in ("cpu_seconds", "head_cpu_seconds"):
        if bill.get(name) is not None:
            cpu_seconds = (cpu_seconds or 0.0) + float(bill[name])

    # A measured run with a price by CPU second is better than the estimate in the settings.
    training_usd = costs.training_usd
    if cpu_seconds is not None and settings.local_usd_per_cpu_second > 0:
        training_usd = cpu_seconds * settings.local_usd_per_cpu_second

    review_usd = costs.review_hours * costs.hour_usd
    wrong_a_week = _accuracy_lost(measurement) * measurement.shift.requests

    return RetrainingCost(
        retune_usd=review_usd + training_usd + costs.evaluation_usd,
        review_hours=costs.review_hours,
        review_usd=review_usd,
        training_usd=training_usd,
        cpu_seconds=cpu_seconds,
        wrong_a_week=wrong_a_week,
        waiting_usd_a_week=wrong_a_week * costs.wrong_usd,
        wrong_minutes=settings.wrong_answer_minutes,
    )


def _accuracy_lost(measurement: DriftMeasurement) -> float:
    """Returns how many more answers are wrong than when the version was evaluated.

    The worst figure, 0-1.
    """
    # The figures overlap, so the worst is taken and not the sum; a gain counts as no loss.
    losses = [0.0]
    week = measurement.weeks[-1] if measurement.weeks else None
    if week is not None and week.answers:
        losses.append(week.share - measurement.promoted.share)

    for accuracy in (measurement.own, measurement.golden):
        if accuracy.rows:
            losses.append(-accuracy.change)

    return max(losses)
