"""Tuned.

Measures the tuned version, or the head where that is as good, on the reviewed test rows.
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
from workers.training.tune import TrainingRunner


def run(context: Context, candidate: Candidate, _: TrainingRunner) -> Transition:
    """Prove the trained version. Its report is then in the store."""
    evidence = last_evidence(context, candidate)
    assert isinstance(evidence, TunedEvidence)
    live = live_version_of(context, candidate)
    stored = context.store.datasets.get(evidence.dataset)
    examples = from_records(stored.rows if stored is not None else ())

    rows = dataset_test_rows(examples)
    if not rows:
        raise InputError(
            f"proving {candidate.label!r}: its dataset has no reviewed test row; review some"
        )

    trained = {
        kind: context.exact_version(live.route, key) for kind, key in evidence.versions.items()
    }
    new = trained.get("tuned") or trained["head"]
    others = _versions_to_beat(context, live, evidence, trained)
    reporter = ProgressReporter(context, candidate.id, "measuring")
    body = evaluate_version(context, new, others, rows, evidence.bill, reporter)

    figures = body["figures"]
    if "head" in figures and figures["head"]["accuracy"] >= figures["new"]["accuracy"]:
        # What a linear head does as well, it does for a hundredth of the cost.
        new = others.pop("head")
        body = evaluate_version(context, new, others, rows, evidence.bill, reporter)

    body["baseline"] = measure_baseline(context, new, candidate.team, examples, body.pop("scores"))
    body["settings"] = changed_settings(context.settings)
    report = Report(report_id(body), live.route, new.id, live.id, body, context.now())
    context.store.datasets.insert_report(report)

    return EvaluatedEvidence(
        report=report.id,
        measured_version=new.id,
        passed=body["passed"],
        reasons=tuple(body["reasons"]),
        dataset=evidence.dataset,
    )


def _versions_to_beat(
    context: Context, live: Version, evidence: TunedEvidence, trained: dict[str, Version]
) -> dict[str, Version]:
    """Returns what the new version is compared with, by the names that the report uses."""
    others = {"live": live}
    if evidence.prompted_version:
        others["prompted"] = context.exact_version(live.route, evidence.prompted_version)
    if len(trained) > 1:
        others["head"] = trained["head"]

    return others
