"""Has another tier answer a few requests unseen, so that what is known of the tiers stays true."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from router.canary import bucket
from router.classifier.second_request import first_request
from router.errors import BudgetError, ModelError, PathError, QueueError
from router.log import get_log
from router.store.usage.spend import DAY_SECONDS
from router.store.versions.quality import JudgedRow, Judgement
from router.types import TIERS, Decision, Outcome, Request
from workers.cascade.request_tiers import RequestTiers
from workers.cascade.serve import failed_checks
from workers.cascade.signals import AnswerFacts
from workers.context import Context, Work
from workers.evaluation.agreement import agreement
from workers.paths import get_path

QUEUE = "answer"
BACKGROUND = True
"""Nobody waits for it, so requests that people wait for come first."""


def enqueue_exploration(context: Context, request: Request, decision: Decision) -> None:
    """Enqueues this job for a share of the requests that a tier has answered."""
    share = context.settings.explore_share
    # By a hash of the request, so that a repeated job chooses the same requests.
    if RequestTiers.of_decision(decision) is None or bucket("explore", request.id) >= share:
        return

    try:
        context.queue.enqueue("explore_tier", request.id)
    except QueueError as error:
        get_log(job="explore_tier", request=request.id).info("job_enqueue_failed", error=str(error))


def run(context: Context, key: str) -> None:
    """Has one other tier answer request `key` and compares: the higher tier's answer is the truth.

    A request with files is left alone, as is every request once the workspace's budget for the day
    is used up. Running it twice changes nothing.
    """
    request = context.store.requests.get(key)
    decision = context.store.decisions.newest(key)
    if request is None or decision is None or request.files:
        return

    tiers = RequestTiers.of_decision(decision)
    answer = context.store.decisions.outcome(key, decision.revision)
    if tiers is None or answer is None or answer.error or answer.version not in tiers.versions:
        return

    records: Sequence[Mapping[str, Any]] = decision.reason[TIERS]["ladder"]
    answered = tiers.versions.index(answer.version)
    other = _other_tier(records, answered, key)
    if other is None or not _may_spend(context, request.team, records[other]):
        return

    try:
        version = context.exact_version(request.team, str(decision.route), tiers.versions[other])
        if version.traits.has_side_effects:
            return

        work = Work(
            first_request(request, decision.reason),
            decision,
            version,
            in_background=True,
            is_checked=True,
        )
        outcome = get_path(version.kind).run(context, work)
    except (BudgetError, ModelError, PathError) as error:
        get_log(job="explore_tier", request=key).info("exploration_failed", error=str(error))
        return

    failed = failed_checks(
        context, request.team, AnswerFacts(version, request.text, outcome, work.signals)
    )
    _store(context, work, answer, outcome, tiers, stood=not failed)


def _other_tier(records: Sequence[Mapping[str, Any]], answered: int, key: str) -> int | None:
    """Returns the index of the tier to try: the next higher one, or the least known lower one."""
    lower = list(range(answered))
    higher = [answered + 1] if answered + 1 < len(records) else []
    if lower and (not higher or bucket("direction", key) < 0.5):
        return min(lower, key=lambda index: (float(records[index].get("answers", 0.0)), index))

    return higher[0] if higher else None


def _may_spend(context: Context, team: str, tier: Mapping[str, Any]) -> bool:
    """Returns whether the day's budget has room for an answer of this tier."""
    usd = tier.get("usd")
    if usd == 0:
        return True

    midnight = context.now() // DAY_SECONDS * DAY_SECONDS
    left = context.settings.explore_usd - context.store.quality.explored_usd(team, midnight)
    return left > 0 and float(usd or 0.0) <= left


def _store(
    context: Context,
    work: Work,
    answer: Outcome,
    outcome: Outcome,
    tiers: RequestTiers,
    *,
    stood: bool,
) -> None:
    """Stores the comparison as an opinion of the lower tier's answer, and what it cost."""
    version, answered = work.version.id, str(answer.version)
    is_higher = tiers.versions.index(version) > tiers.versions.index(answered)
    better, worse = (outcome, answer) if is_higher else (answer, outcome)
    agreed = agreement(work.version.output, better, worse)

    now = context.now()
    request, revision = work.request, work.decision.revision
    context.store.quality.insert(
        JudgedRow(
            request=request.id,
            revision=revision,
            version=version,
            team=request.team,
            route=work.version.route,
            tier=tiers.name_of(version),
            region=tiers.region,
            source="reference" if is_higher else "shadow",
            value=1.0 if is_higher else agreed,
            stood=stood,
            usd=outcome.usd,
            at=now,
            judged_at=now,
            seen=False,
        )
    )
    if is_higher:
        context.store.quality.judge(
            Judgement(request.id, revision, answered, "shadow", agreed, now)
        )
