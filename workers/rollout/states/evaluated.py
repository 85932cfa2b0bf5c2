"""Evaluated: moves to shadow, or keeps the prompt, as the report says."""

from __future__ import annotations

from router.lifecycle_evidence import (
    DriftEvidence,
    EvaluatedEvidence,
    KeptPromptEvidence,
    ShadowEvidence,
)
from router.types import Candidate
from workers.context import Context
from workers.drift.live_version import live_version
from workers.rollout.candidate import last_evidence
from workers.rollout.states import Transition
from workers.training.tune import TrainingRunner

NOT_PASSED = "the new version did not pass, so the drifting one keeps answering"


def run(context: Context, candidate: Candidate, _: TrainingRunner) -> Transition:
    """Carries out the verdict of the report."""
    evidence = last_evidence(context, candidate)
    assert isinstance(evidence, EvaluatedEvidence)

    if evidence.passed:
        return ShadowEvidence(version=evidence.measured_version, report=evidence.report)

    old = live_version(context.store, candidate)
    if old is None:
        return KeptPromptEvidence(report=evidence.report, reasons=evidence.reasons)

    # This was the retraining of a drifting version. That one keeps answering, and a person
    # decides about it again.
    return DriftEvidence(
        version=old.version,
        previous_version=old.previous,
        report=evidence.report,
        explanation=NOT_PASSED,
        reasons=evidence.reasons,
    )
