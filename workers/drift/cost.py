"""What a new training would cost, and what waiting does: in USD, from the last bill, the settings and the week."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from router.config import Settings
from workers.drift.alarms import Measured
from workers.readiness import thresholds as limits

CORRECTION_MINUTES = 2.0
"""What a wrong answer costs whoever got it; a guess, and told as one."""


@dataclass(frozen=True, slots=True)
class Cost:
    """A new training once, and each week without one. `cpu_seconds` is what the last training took, where known."""

    retune_usd: float
    review_hours: float
    review_usd: float
    training_usd: float
    cpu_seconds: float | None
    wrong_a_week: float
    waiting_usd_a_week: float


def cost(settings: Settings, bill: Mapping[str, Any], found: Measured) -> Cost:
    """A training on this machine costs its processor time where that has a price, else what the settings say."""
    effort = limits.effort(settings)
    took = [
        float(bill[name])
        for name in ("cpu_seconds", "head_cpu_seconds")
        if bill.get(name) is not None
    ]

    priced = bool(took) and settings.local_usd_per_cpu_second > 0
    training = sum(took) * settings.local_usd_per_cpu_second if priced else effort.training_usd
    review = effort.review_hours * effort.hour_usd
    wrong = _share_lost(found) * found.shift.requests

    return Cost(
        retune_usd=review + training + effort.evaluation_usd,
        review_hours=effort.review_hours,
        review_usd=review,
        training_usd=training,
        cpu_seconds=sum(took) if took else None,
        wrong_a_week=wrong,
        waiting_usd_a_week=wrong * CORRECTION_MINUTES / 60 * effort.hour_usd,
    )


def _share_lost(found: Measured) -> float:
    """How many more of the answers are wrong than when it was proved: the worst of what was measured, 0-1."""
    week = found.weeks[-1] if found.weeks else None
    corrected = week.share - found.promoted.share if week is not None and week.answers else 0.0
    return max(0.0, corrected, *(-one.change for one in (found.own, found.golden) if one.rows), 0.0)
