"""The digest's bottom line: how many repeated requests deserve what, and what it saves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from router.candidate_evidence import CandidateEvidence

WEEKS_A_MONTH = 365.25 / 12 / 7
NO_TRAINING = ("keep the prompt", "add retrieval")
"""Advice with which nothing has to be trained."""


@dataclass(frozen=True, slots=True)
class BottomLine:
    """Counts of repeated requests by what they deserve.

    `no_training` counts those that a prompt or documents serve, `prompt` those whose prompt is to
    be improved before anything else, `undecided` those that are not ready. `monthly_usd` is what
    the tunable ones would likely save a month in all; `from_week` is the first week in which the
    slowest of them has paid for itself, None without one.
    """

    repeated: int
    no_training: int
    prompt: int
    head: int
    tune: int
    undecided: int
    monthly_usd: float = 0.0
    from_week: int | None = None


def summarise_advice(candidates: Sequence[CandidateEvidence]) -> BottomLine:
    """Returns the bottom line of these candidates."""
    advice = [candidate.recommendation for candidate in candidates]
    tunable = [candidate for candidate in candidates if candidate.recommendation == "tune"]
    money = [candidate.money for candidate in tunable if candidate.money]
    weeks = [
        math.ceil(figures["break_even_months"]["likely"] * WEEKS_A_MONTH)
        for figures in money
        if figures["break_even_months"]
    ]

    return BottomLine(
        repeated=len(advice),
        no_training=sum(advice.count(name) for name in NO_TRAINING),
        prompt=advice.count("improve the prompt"),
        head=advice.count("train a head"),
        tune=len(tunable),
        undecided=advice.count("not yet"),
        monthly_usd=round(sum(figures["monthly_usd"]["likely"] for figures in money), 2),
        from_week=max(weeks, default=None),
    )
