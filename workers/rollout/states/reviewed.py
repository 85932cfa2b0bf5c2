"""Reviewed: trains on the rows that people accepted."""

from __future__ import annotations

from router.errors import InputError
from router.lifecycle_evidence import ReviewedEvidence, TunedEvidence
from router.types import Candidate
from workers.context import Context
from workers.datasets.review import from_records
from workers.rollout.approval import PROVIDER, approval_of
from workers.rollout.candidate import last_evidence, live_version_of, newest_prompted_version
from workers.rollout.progress import ProgressReporter
from workers.rollout.states import Transition
from workers.training.provider.version import newest_provider_version
from workers.training.trainers import LOCAL_BASE, TrainingProgress
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
    approval = approval_of(context.store, candidate.id)
    base = LOCAL_BASE if approval is None else approval.base
    prompted = newest_prompted_version(context, candidate)
    if base == PROVIDER:
        version = newest_provider_version(context.store, candidate.team, live.route)
        if version is None:
            raise InputError(
                f"training for {candidate.label!r} at a provider: no model of one is there yet; "
                f"run `beagle dataset provider {stored.id}`, which says what it costs first"
            )

        return TunedEvidence(
            versions={version.kind: version.id},
            bill={"provider": version.models[0]},
            dataset=stored.id,
            prompted_version=None if prompted == version.id else prompted,
        )

    # Checked again: weeks may lie between the dataset and its review.
    excluded = context.store.opt_outs.for_team(candidate.team)
    rows = [row for row in from_records(stored.rows) if row.user not in excluded]
    trained = tune(context, live, stored, rows, on_progress, train, base)

    return TunedEvidence(
        versions={kind: version.id for kind, version in trained.versions.items()},
        bill=dict(trained.bill),
        dataset=stored.id,
        prompted_version=prompted,
    )
