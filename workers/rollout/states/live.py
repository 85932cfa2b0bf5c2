"""Live: is rolled back where it does worse than the version before it."""

from __future__ import annotations

from router.lifecycle_evidence import RollbackEvidence
from router.types import Candidate
from workers.context import Context
from workers.drift.live_version import live_version
from workers.evaluation.guardrails import rollback_reason
from workers.rollout.states import Transition
from workers.training.tune import TrainingRunner


def run(context: Context, candidate: Candidate, _: TrainingRunner) -> Transition:
    """Compares all its answers since it went live with those of the version before it."""
    live = live_version(context.store, candidate)
    # Without a previous version there is none to compare with, or to go back to.
    if live is None or not live.previous:
        return None

    trials = context.store.shadow_runs
    team = candidate.team
    metrics = trials.answer_metrics(team, live.route, live.version, live.live_since)
    previous = trials.answer_metrics(team, live.route, live.previous)
    why = rollback_reason(context.settings, metrics, previous)

    return None if why is None else RollbackEvidence(version=live.version, explanation=why)
