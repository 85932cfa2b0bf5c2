"""Runs the trials of a workspace's candidates within the week's budget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from router.catalog.catalog import Catalog
from router.catalog.version import Version
from router.errors import BeagleError
from router.log import get_log
from workers.context import Context
from workers.llm.metered import BudgetExhaustedError
from workers.readiness.evidence import Subject
from workers.readiness.trial_results import Trials
from workers.trials.budget import WeeklyBudget
from workers.trials.candidate_trials import CandidateTrials, Tried


@dataclass(frozen=True, slots=True)
class TrialSubject:
    """A candidate to try: its id, its requests, and what earlier weeks found."""

    candidate: str
    subject: Subject
    earlier: Trials


def run_trials(
    context: Context, team: str, subjects: Sequence[TrialSubject]
) -> Mapping[str, Trials]:
    """Returns what is known of each candidate after this week's trials, by its id.

    Candidates that were tried least come first, of those the ones that are asked most. A candidate
    whose model is away, or that the budget does not reach, keeps what earlier weeks found.
    """
    settings = context.settings
    results = {one.candidate: one.earlier for one in subjects}
    if not settings.trial_calls or not subjects:
        return results

    catalog = context.routes_of(team)
    budget = WeeklyBudget(settings.trial_calls, settings.trial_usd)
    waiting = sorted(
        subjects,
        key=lambda one: (one.earlier.complete, -len(one.subject.rows), one.candidate),
    )

    for one in waiting:
        tried = _tried(context, team, one.subject, catalog)
        if tried is not None:
            results[one.candidate] = _run_one(context, tried, one, budget)

    return results


def _run_one(context: Context, tried: Tried, one: TrialSubject, budget: WeeklyBudget) -> Trials:
    """Returns the candidate's trials as far as they came."""
    log = get_log(job="digest", team=tried.team, candidate=one.candidate)
    runner = CandidateTrials(context, tried, one.earlier, budget)
    try:
        runner.run()
    except BudgetExhaustedError as error:
        log.info("trials_continue_next_week", error=str(error))
    except BeagleError as error:
        # A model that is away, or files in use: the digest is made all the same.
        log.warning("trials_deferred", error=str(error))

    return runner.trials


def _tried(context: Context, team: str, subject: Subject, catalog: Catalog) -> Tried | None:
    """Returns what can be tried; None where no route with a prompt answers these requests."""
    route = catalog.routes.get(str(subject.cluster.route))
    stored = None if route is None else context.store.versions.live(team, route.name)
    if route is None or stored is None:
        return None

    live = Version.model_validate(dict(stored.body))
    if live.traits.trained:
        return None

    return Tried(team, route, live, catalog, subject.rows, subject.vectors)
