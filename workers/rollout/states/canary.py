"""Canary: answers more people after enough good answers, or is rolled back."""

from __future__ import annotations

from router.canary import next_share, share_with_somebody
from router.lifecycle_evidence import CanaryEvidence, LiveEvidence, RollbackEvidence
from router.types import Candidate
from workers.context import Context
from workers.drafting.evaluate import recheck_routing
from workers.evaluation.guardrails import canary_step_complete, rollback_reason
from workers.rollout.candidate import last_edge
from workers.rollout.states import Transition
from workers.training.tune import TrainingRunner

LOST_MESSAGES = "other routes would lose {loss:.1%} of their held-out messages to it"


def run(context: Context, candidate: Candidate, _: TrainingRunner) -> Transition:
    """Compares its answers since the last step with those of the version before it."""
    edge = last_edge(context, candidate)
    assert edge is not None
    evidence = edge.evidence
    assert isinstance(evidence, CanaryEvidence)
    version = str(evidence.version)
    previous = evidence.previous_version
    route = str(candidate.route)

    trials = context.store.shadow_runs
    # Since this step only, so that trouble at 25 % is not diluted by a good start at 5 %.
    team = candidate.team
    metrics = trials.answer_metrics(team, route, version, edge.at)
    previous_metrics = trials.answer_metrics(team, route, previous)
    why = rollback_reason(context.settings, metrics, previous_metrics)
    if why is not None:
        return RollbackEvidence(
            version=version, previous_version=previous, report=evidence.report, explanation=why
        )

    # Guardrails come first: a bad version is rolled back before it has all its requests.
    report = context.store.datasets.newest_report(team, route, version)
    waited = context.now() - edge.at
    if not canary_step_complete(context.settings, metrics.calls, waited, report):
        return None

    share = next_share(evidence.share)
    if share is None:
        # A drafted route is checked once more: others may have been added since it was written.
        routing = recheck_routing(context, team, route)
        if routing is not None and not routing.passed:
            why = LOST_MESSAGES.format(loss=routing.loss)
            return RollbackEvidence(version=version, report=evidence.report, explanation=why)

        return LiveEvidence(version=version, previous_version=previous, report=evidence.report)

    drafted = context.store.drafted_routes.get(team, route)
    if drafted is not None:
        share = share_with_somebody(route, drafted.askers, share)

    return CanaryEvidence(
        version=version, previous_version=previous, report=evidence.report, share=share
    )
