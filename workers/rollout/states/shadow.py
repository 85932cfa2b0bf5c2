"""Shadow: is rolled back where too many answers are invalid; else a person starts the canary."""

from __future__ import annotations

from router.lifecycle_evidence import RollbackEvidence
from router.types import Candidate
from workers.context import Context
from workers.rollout.candidate import last_evidence
from workers.rollout.states import Transition
from workers.training.tune import TrainingRunner


def run(context: Context, candidate: Candidate, _: TrainingRunner) -> Transition:
    """Checks the answers that the version gave beside the live one."""
    evidence = last_evidence(context, candidate)
    assert evidence is not None
    version = str(evidence.version)

    settings = context.settings
    runs = context.store.shadow_runs
    metrics = runs.shadow_metrics(candidate.team, str(candidate.route), version)
    # Agreement does not decide here: a person sees it, and starts the canary or not.
    if metrics.calls < settings.shadow_min_requests or metrics.valid >= settings.rollback_min_valid:
        return None

    return RollbackEvidence(version=version, explanation=f"{metrics.valid:.1%} valid in shadow")
