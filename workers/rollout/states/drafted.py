"""Drafted: tries the draft on held-out requests; then a person starts it, or not."""

from __future__ import annotations

from dataclasses import replace

from router.errors import InputError
from router.lifecycle_evidence import DraftedEvidence
from router.types import Candidate
from workers.context import Context
from workers.drafting.evaluate import evaluate_draft
from workers.rollout.candidate import last_evidence
from workers.rollout.progress import ProgressReporter
from workers.rollout.states import Transition
from workers.training.tune import TrainingRunner


def run(context: Context, candidate: Candidate, _: TrainingRunner) -> Transition:
    """Evaluates the draft once, and again after each edit. The card then shows what it found."""
    evidence = last_evidence(context, candidate)
    assert isinstance(evidence, DraftedEvidence)
    if evidence.evaluated:
        return None

    store = context.store
    name, key = str(evidence.route or candidate.route), str(evidence.version)
    drafted = store.drafted_routes.get(candidate.team, name)
    if drafted is None:
        raise InputError(f"trying the draft {name!r}: it is gone; draft it again")

    version = context.exact_version(candidate.team, name, key)
    reporter = ProgressReporter(context, candidate.id, "drafting")
    result = evaluate_draft(context, candidate, drafted, version, reporter)
    store.drafted_routes.save(candidate.team, result.drafted)
    if result.report is not None:
        store.datasets.insert_report(result.report)

    return replace(
        evidence,
        evaluated=True,
        report=None if result.report is None else result.report.id,
        passed=result.passed,
        reasons=result.reasons,
        routing=result.routing.record(),
        open_points=result.open_points,
        monthly=result.monthly,
        failures=result.failures,
    )
