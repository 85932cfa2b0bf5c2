"""Reviewed: trains on the rows that people accepted."""

from __future__ import annotations

from router.errors import InputError
from router.lifecycle_evidence import ReviewedEvidence, TunedEvidence
from router.types import Candidate
from workers.context import Context
from workers.datasets.review import from_records
from workers.rollout.candidate import last_evidence, live_version_of, newest_prompted_version
from workers.rollout.progress import ProgressReporter
from workers.rollout.states import Transition
from workers.training.trainers import TrainingProgress
from workers.training.tune import TrainingRunner, tune


def run(context: Context, candidate: Candidate, train: TrainingRunner) -> Transition:
    """Trains the new versions and stores them, in shadow.

    Nothing is learned from people who opted out since the dataset was made.
    """
    evidence = last_evidence(context, candidate)
    key = evidence.dataset if isinstance(evidence, ReviewedEvidence) else ""
    stored = context.store.datasets.get(candidate.team, key)
    if stored is None:
        raise InputError(f"training for {candidate.label!r}: its dataset is gone; make a new one")

    reporter = ProgressReporter(context, candidate.id, "training")

    def on_progress(progress: TrainingProgress) -> None:
        reporter(
            progress.step,
            progress.steps,
            loss=round(progress.loss, 3),
            dev_exact=progress.dev_exact,
        )

    live = live_version_of(context, candidate)
    # Checked again: weeks may lie between the dataset and its review.
    excluded = context.store.opt_outs.for_team(candidate.team)
    rows = [row for row in from_records(stored.rows) if row.user not in excluded]
    trained = tune(context, live, stored, rows, on_progress, train)

    return TunedEvidence(
        versions={kind: version.id for kind, version in trained.versions.items()},
        bill=dict(trained.bill),
        dataset=stored.id,
        prompted_version=newest_prompted_version(context, candidate),
    )
