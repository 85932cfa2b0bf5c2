"""Stores how the tiers of an answered request did, before anybody says anything about it."""

from __future__ import annotations

from router.store.versions.quality import JudgedRow
from router.types import Decision, Outcome, Request
from workers.cascade.request_tiers import RequestTiers
from workers.context import Context


def record_answer(context: Context, request: Request, decision: Decision, outcome: Outcome) -> None:
    """Stores the answer, and each attempt before it with how far the answer agrees with it.

    A request without tiers, or without an answer, leaves nothing. Doing it twice changes nothing.
    """
    tiers = RequestTiers.of_decision(decision)
    if tiers is None or outcome.error or not outcome.version or not outcome.tier:
        return

    now = context.now()
    route = outcome.route

    def row(version: str, tier: str, usd: float, value: float, *, stood: bool) -> JudgedRow:
        return JudgedRow(
            request=request.id,
            revision=decision.revision,
            version=version,
            team=request.team,
            route=route,
            tier=tier,
            region=tiers.region,
            source="answer" if stood else "escalation",
            value=value,
            stood=stood,
            usd=usd,
            at=now,
            judged_at=now,
        )

    earlier = 0.0
    for attempt in outcome.attempts:
        earlier += attempt.usd
        context.store.quality.insert(
            row(attempt.version, attempt.tier, attempt.usd, attempt.agreed, stood=False)
        )

    own_usd = max(0.0, outcome.usd - earlier)
    context.store.quality.insert(row(outcome.version, outcome.tier, own_usd, 1.0, stood=True))
