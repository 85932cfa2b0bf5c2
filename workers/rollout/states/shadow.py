"""Shadow: is rolled back where too many answers are invalid; else a person starts the canary."""

from __future__ import annotations

from router.lifecycle_evidence import RollbackEvidence
from router.types import Candidate
from workers.context import Context
from workers.evaluation.guardrails import shadow_failure
from workers.rollout.candidate import last_edge
from workers.rollout.states import Transition
from workers.training.tune import TrainingRunner


def run(context: Context, candidate: Candidate, _: TrainingRunner) -> Transition:
    """Checks the answers that the version gave beside the live one."""
    edge = last_edge(context, candidate)
    assert edge is not None
    version, team, route = str(edge.evidence.version), candidate.team, str(candidate.route)

    # Only since this test began: an earlier one ended with a rollback, and was judged then.
    metrics = context.store.shadow_runs.shadow_metrics(team, route, version, edge.at)
    stored = context.exact_version(team, route, version)
    # Agreement does not decide here: a person sees it, and starts the canary or not.
    why = shadow_failure(context.settings, metrics, has_schema=stored.output is not None)
    return None if why is None else RollbackEvidence(version=version, explanation=why)
