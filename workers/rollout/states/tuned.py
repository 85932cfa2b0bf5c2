"""Tuned: evaluates the trained version on the reviewed test rows.

Where several trainers made one, it is the dearest, or the cheapest that is as accurate.
"""

from __future__ import annotations

from router.catalog.version import Version
from router.errors import InputError
from router.lifecycle_evidence import EvaluatedEvidence, TunedEvidence
from router.store.weekly.datasets import Report
from router.types import Candidate
from workers.context import Context
from workers.datasets.review import from_records
from workers.drift.baseline import dataset_test_rows, measure_baseline
from workers.evaluation.compare import evaluate_version, report_id
from workers.readiness.thresholds import changed_settings
from workers.rollout.candidate import last_evidence, live_version_of
from workers.rollout.progress import ProgressReporter
from workers.rollout.states import Transition
from workers.training.trainers import trainers_by_cost
from workers.training.tune import TrainingRunner


def run(context: Context, candidate: Candidate, _: TrainingRunner) -> Transition:
    """Evaluates the trained version and stores its report."""
    evidence = last_evidence(context, candidate)
    assert isinstance(evidence, TunedEvidence)
    live = live_version_of(context, candidate)
    stored = context.store.datasets.get(candidate.team, evidence.dataset)
    examples = from_records(stored.rows if stored is not None else ())

    rows = dataset_test_rows(examples)
    if not rows:
        raise InputError(
            f"evaluating {candidate.label!r}: its dataset has no reviewed test row; review some"
        )

    trained = _trained_by_cost(context, candidate, evidence)
    *cheaper, dearest = trained
    new = trained[dearest]
    others = _versions_to_beat(context, candidate, evidence, trained)
    reporter = ProgressReporter(context, candidate.id, "measuring")
    body = evaluate_version(context, new, others, rows, evidence.bill, reporter)

    figures = body["figures"]
    for kind in cheaper:
        if figures[kind]["accuracy"] >= figures["new"]["accuracy"]:
            # What a linear head does as well, it does for a hundredth of the cost.
            new = others.pop(kind)
            body = evaluate_version(context, new, others, rows, evidence.bill, reporter)
            break

    body["baseline"] = measure_baseline(context, new, candidate.team, examples, body.pop("scores"))
    body["settings"] = changed_settings(context.settings)
    report = Report(
        candidate.team, report_id(body), live.route, new.id, live.id, body, context.now()
    )
    context.store.datasets.insert_report(report)

    return EvaluatedEvidence(
        report=report.id,
        measured_version=new.id,
        passed=body["passed"],
        reasons=tuple(body["reasons"]),
        dataset=evidence.dataset,
    )


def _trained_by_cost(
    context: Context, candidate: Candidate, evidence: TunedEvidence
) -> dict[str, Version]:
    """Returns the trained versions by their kinds, that of the cheapest trainer first."""
    route = str(candidate.route or candidate.evidence.route)
    trained: dict[str, Version] = {}
    for trainer in trainers_by_cost().values():
        key = evidence.versions.get(trainer.VERSION_KIND)
        if key is not None:
            trained[trainer.VERSION_KIND] = context.exact_version(candidate.team, route, key)

    # A provider's model is a version of another kind than those of the trainers.
    for kind, key in evidence.versions.items():
        if kind not in trained:
            trained[kind] = context.exact_version(candidate.team, route, key)

    return trained


def _versions_to_beat(
    context: Context,
    candidate: Candidate,
    evidence: TunedEvidence,
    trained: dict[str, Version],
) -> dict[str, Version]:
    """Returns what the new version is compared with, by the names that the report uses."""
    live = live_version_of(context, candidate)
    others = {"live": live}
    if evidence.prompted_version:
        others["prompted"] = context.exact_version(
            candidate.team, live.route, evidence.prompted_version
        )

    # The last one is the new version itself.
    for kind in list(trained)[:-1]:
        others[kind] = trained[kind]

    return others
