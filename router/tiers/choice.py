"""Chooses the tier that answers first: the cheapest one that is credibly good enough."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from router.tiers.quality import UNKNOWN, Estimate

TOLERANCE = 0.08
"""Without a target, a route accepts a quality that is this much below the best tier's."""
MIN_EVIDENCE = 8.0
"""Weight of evidence below which a bound proves nothing: three right answers are no record."""
ROUNDING = 1e-12

Why = Literal["target", "best", "asked_again", "budget"]
"""Why a tier answers: it reaches the target, it is the best there is, the tier below was not good
enough for this person a moment ago, or nothing else fits the budget."""


@dataclass(frozen=True, slots=True)
class TierRecord:
    """What is known of a tier for a region of requests; tiers are in order, the cheapest first.

    `raw` is the quality of its answers, `standing` of those that the checks let stand, and
    `escalated` the share of answers (0-1) that they do not. `usd` is what an answer costs, None
    where nobody knows.
    """

    version: str
    name: str
    usd: float | None = None
    raw: Estimate = UNKNOWN
    standing: Estimate = UNKNOWN
    escalated: float = 0.0


@dataclass(frozen=True, slots=True)
class TierChoice:
    """The index of the tier that answers first, and why.

    `quality` and `bound` (0-1) are of what a person gets, the escalation to the next tier included;
    `target` is what the bound was compared with.
    """

    index: int
    why: Why
    quality: float
    bound: float
    target: float


def choose_tier(
    tiers: Sequence[TierRecord],
    target: float | None = None,
    *,
    lowest: int = 0,
    max_usd: float | None = None,
) -> TierChoice:
    """Returns the cheapest tier whose lower bound reaches the target, else the best one.

    Tiers below `lowest` are left out: one of them has just failed this person. So are those whose
    answer costs more than `max_usd`; where all do, the cheapest of the others is taken, and the
    caps that are checked before each call decide. Raises ValueError without any tier.
    """
    if not tiers:
        raise ValueError("choosing a tier: found none; give at least one")

    lowest = min(max(0, lowest), len(tiers) - 1)
    allowed = list(range(lowest, len(tiers)))
    affordable = [index for index in allowed if _fits(tiers[index], max_usd)]
    if not affordable:
        index = min(allowed, key=lambda number: (_cost(tiers, number), number))
        return _choice(tiers, index, "budget", target or 0.0)

    best = max(affordable, key=lambda number: (_quality(tiers, number, bound=False), number))
    wanted = target
    if wanted is None:
        wanted = max(0.0, _quality(tiers, best, bound=False) - TOLERANCE)

    good = []
    for index in affordable:
        known = tiers[index].raw.weight >= MIN_EVIDENCE
        if known and _quality(tiers, index, bound=True) >= wanted - ROUNDING:
            good.append(index)

    if not good:
        return _choice(tiers, best, "best", wanted)

    index = min(good, key=lambda number: (_cost(tiers, number), number))
    return _choice(tiers, index, "asked_again" if index == lowest > 0 else "target", wanted)


def _choice(tiers: Sequence[TierRecord], index: int, why: Why, target: float) -> TierChoice:
    quality = _quality(tiers, index, bound=False)
    return TierChoice(index, why, quality, _quality(tiers, index, bound=True), target)


def _quality(tiers: Sequence[TierRecord], index: int, *, bound: bool) -> float:
    """Returns the quality of what a person gets when this tier answers first."""
    tier = tiers[index]
    is_last = index == len(tiers) - 1
    if is_last or tier.escalated <= 0:
        return _own_quality(tiers, index, bound=bound)

    standing = tier.standing.bound if bound else tier.standing.mean
    escalated = _own_quality(tiers, index + 1, bound=bound)
    return (1 - tier.escalated) * standing + tier.escalated * escalated


def _own_quality(tiers: Sequence[TierRecord], index: int, *, bound: bool) -> float:
    """Returns the quality of a tier's own answers.

    One that nothing is known of has no bound, and is expected to be as good as the best tier before
    it: that is what its author put it there for.
    """
    raw = tiers[index].raw
    if bound or raw.weight > 0:
        return raw.bound if bound else raw.mean

    return max((tier.raw.mean for tier in tiers[:index]), default=0.0)


def _cost(tiers: Sequence[TierRecord], index: int) -> float:
    """Returns the expected USD of an answer, the share that is escalated included.

    A tier without a price is taken to cost what the dearest one before it does: the order of the
    tiers is an order of prices.
    """
    usd = _usd(tiers, index)
    if index + 1 < len(tiers):
        usd += tiers[index].escalated * _usd(tiers, index + 1)

    return usd


def _usd(tiers: Sequence[TierRecord], index: int) -> float:
    usd = tiers[index].usd
    if usd is not None:
        return usd

    return max((tier.usd or 0.0 for tier in tiers[:index]), default=0.0)


def _fits(tier: TierRecord, max_usd: float | None) -> bool:
    return max_usd is None or tier.usd is None or tier.usd <= max_usd + ROUNDING
