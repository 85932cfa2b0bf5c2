"""Approved: drafts a route where none serves the requests, else optimises the prompt first."""

from __future__ import annotations

from router.lifecycle_evidence import ApprovalEvidence, DraftedEvidence, OptimisedEvidence
from router.types import Candidate
from workers.context import Context
from workers.drafting.store_draft import draft_candidate, needs_draft
from workers.llm.metered import CallBudget
from workers.optimise.search import optimise_prompt
from workers.rollout.approval import affordable_usd
from workers.rollout.candidate import last_evidence, live_version_of, route_of
from workers.rollout.progress import ProgressReporter
from workers.rollout.states import Transition
from workers.training.tune import TrainingRunner


def run(context: Context, candidate: Candidate, _: TrainingRunner) -> Transition:
    """Optimises the prompt, or drafts the route.

    A version that beats the live one is then in the store with its report.
    """
    if needs_draft(context, candidate):
        return _draft(context, candidate)

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


def _draft(context: Context, candidate: Candidate) -> DraftedEvidence:
    approval = last_evidence(context, candidate)
    avoid = approval.avoid if isinstance(approval, ApprovalEvidence) else ()
    draft = draft_candidate(context, candidate, avoid)
    return DraftedEvidence(
        route=draft.route.name,
        version=draft.version.id,
        explanation="; ".join(draft.route.notes),
    )
