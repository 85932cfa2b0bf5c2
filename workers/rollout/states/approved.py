"""Approved: optimises the prompt before anything is trained."""

from __future__ import annotations

from router.lifecycle_evidence import OptimisedEvidence
from router.types import Candidate
from workers.context import Context
from workers.llm.metered import CallBudget
from workers.optimise.search import optimise_prompt
from workers.rollout.approval import affordable_usd
from workers.rollout.candidate import live_version_of, route_of
from workers.rollout.progress import ProgressReporter
from workers.rollout.states import Transition
from workers.training.tune import TrainingRunner


def run(context: Context, candidate: Candidate, _: TrainingRunner) -> Transition:
    """Optimises the prompt.

    A version that beats the live one is then in the store with its report.
    """
    route = route_of(context, candidate)
    live = live_version_of(context, candidate)
    usd = affordable_usd(context.store, candidate.id, context.settings.optimise_usd)
    limits = CallBudget(context.settings.optimise_calls, usd)
    reporter = ProgressReporter(context, candidate.id, "optimising")

    result = optimise_prompt(context, route, live, candidate.team, limits, reporter)
    report = result.report
    # Without a report nothing beat the live version, and there is no new one.
    new_version = None if report is None else result.version.id

    return OptimisedEvidence(
        route=route.name,
        dev_accuracy=dict(result.tried),
        notes="; ".join(result.notes),
        best_accuracy=result.best_accuracy,
        measured_on=result.measured_on,
        spend=dict(result.spend),
        prompted_version=new_version,
        measured_version=new_version,
        report=None if report is None else report.id,
        passed=None if report is None else report.body["passed"],
        reasons=() if report is None else tuple(report.body["reasons"]),
    )
