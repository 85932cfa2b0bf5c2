"""Serves a request with its tier, checks the answer, and escalates once to the next tier."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from router.catalog.version import Version
from router.errors import BudgetError, ModelError, PathError
from router.log import get_log
from router.types import EarlierAttempt, Outcome
from workers.cascade.checks import Checks
from workers.cascade.request_tiers import RequestTiers
from workers.cascade.signals import AnswerFacts, signals_of
from workers.context import Context, Work
from workers.evaluation.agreement import agreement
from workers.paths import get_path
from workers.ports import Activity

NO_ANSWER = "no answer"
"""The check that a tier fails whose model gave no valid answer."""
MIN_SECONDS = 2.0
"""What the next tier needs of the request's time; with less, the answer stays as it is."""


@dataclass(frozen=True, slots=True)
class _First:
    """The first tier's answer, if it gave one, what it cost, and the checks that it failed."""

    outcome: Outcome | None
    usd: float
    failed: tuple[str, ...]


def serve(context: Context, work: Work) -> Outcome:
    """Returns the one answer to a request, from its version or the next tier.

    An answer that is to be checked is not streamed: nobody sees it before it stands. The next tier
    has what is left of the request's time and money. Where it cannot answer, the first answer is
    better than none.

    Raises what the paths raise; see `ServingPath`.
    """
    tiers = RequestTiers.of_decision(work.decision)
    if tiers is None:
        return get_path(work.version.kind).run(context, work)

    above = _version_near(context, work, tiers.above(work.version.id))
    if above is None:
        return _run_last(context, work, tiers)

    start = context.now()
    # The request has one deadline and one limit, which are the route's and not the tier's.
    deadline = start + above.limits.seconds
    first = _run_first(context, replace(work, emit=None, is_checked=True, deadline=deadline))
    if not first.failed and first.outcome is not None:
        return replace(first.outcome, tier=tiers.name_of(work.version.id))

    return _escalate(context, work, above, deadline, first, tiers)


def _run_last(context: Context, work: Work, tiers: RequestTiers) -> Outcome:
    """Returns the answer of the last tier; where its model gives none, that of the tier below."""
    tier = tiers.name_of(work.version.id)
    deadline = context.now() + work.version.limits.seconds
    try:
        outcome = get_path(work.version.kind).run(context, work)
        return replace(outcome, tier=tier)
    except ModelError as error:
        below = _version_near(context, work, tiers.below(work.version.id))
        if below is None or deadline - context.now() < MIN_SECONDS:
            raise

        get_log(part="cascade").info("tier_failed", version=work.version.id, error=str(error))

    spent = sum(work.costs)
    second = replace(
        work, version=below, deadline=deadline, usd_spent=spent, is_escalation=True, costs=[]
    )
    outcome = get_path(below.kind).run(context, second)
    attempt = EarlierAttempt(tier, work.version.id, "", spent, (NO_ANSWER,))
    return replace(
        outcome,
        usd=outcome.usd + spent,
        tier=tiers.name_of(below.id),
        attempts=(attempt,),
    )


def _version_near(context: Context, work: Work, near: str | None) -> Version | None:
    """Returns the version of the tier beside; None where there is none that may answer as well.

    Answers with side effects are not made twice: each might propose its own.
    """
    if work.version.traits.has_side_effects or near is None:
        return None

    try:
        version = context.exact_version(work.request.team, work.version.route, near)
    except PathError as error:
        # A tier that was removed since the decision: the first one's answer has to do.
        get_log(part="cascade").warning("tier_missing", version=near, error=str(error))
        return None

    return None if version.traits.has_side_effects else version


def _run_first(context: Context, work: Work) -> _First:
    try:
        outcome = get_path(work.version.kind).run(context, work)
    except BudgetError:
        # A cap is the payer's, so it holds for the next tier just as well.
        raise
    except (ModelError, PathError) as error:
        get_log(part="cascade").info("tier_failed", version=work.version.id, error=str(error))
        return _First(None, sum(work.costs), (NO_ANSWER,))

    facts = AnswerFacts(work.version, work.request.text, outcome, work.signals)
    failed = failed_checks(context, work.request.team, facts)
    return _First(outcome, max(outcome.usd, sum(work.costs)), failed)


def failed_checks(context: Context, team: str, facts: AnswerFacts) -> tuple[str, ...]:
    """Returns the checks that an answer fails, by the version's measurement."""
    version = facts.version
    measured: Mapping[str, Mapping[str, Any]] = context.store.quality.measurements(
        team, version.route, [version.id]
    )
    checks = Checks.of_measurement(measured.get(version.id))
    return tuple(checks.failed(signals_of(facts)))


def _escalate(
    context: Context,
    work: Work,
    above: Version,
    deadline: float,
    first: _First,
    tiers: RequestTiers,
) -> Outcome:
    """Returns the next tier's answer, or the first one where there is no time or no other."""
    tier = tiers.name_of(work.version.id)
    outcome = first.outcome
    if outcome is not None and deadline - context.now() < MIN_SECONDS:
        return replace(outcome, tier=tier)

    work.report_activity(Activity("check", done=False, detail=tiers.name_of(above.id)))
    second = replace(
        work,
        version=above,
        deadline=deadline,
        usd_spent=first.usd,
        is_escalation=True,
        signals={},
        costs=[],
    )
    try:
        final = get_path(above.kind).run(context, second)
    except (BudgetError, ModelError, PathError) as error:
        if outcome is None:
            raise

        get_log(part="cascade").info("escalation_failed", version=above.id, error=str(error))
        wasted = sum(second.costs)
        return replace(outcome, tier=tier, usd=first.usd + wasted)

    agreed, tokens = 0.0, final.tokens
    if outcome is not None:
        agreed = agreement(above.output, final, outcome)
        tokens = outcome.tokens + final.tokens

    model = outcome.model if outcome is not None else ""
    attempt = EarlierAttempt(tier, work.version.id, model, first.usd, first.failed, agreed)
    return replace(
        final,
        usd=first.usd + max(final.usd, sum(second.costs)),
        tokens=tokens,
        tier=tiers.name_of(above.id),
        attempts=(attempt,),
    )
