"""Optimised: keeps the prompt, adds retrieval or builds a dataset.

The prompt stays if it reaches the target; retrieval is added if it helps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from router.catalog.version import Version
from router.errors import InputError
from router.lifecycle_evidence import (
    DatasetEvidence,
    KeptPromptEvidence,
    OptimisedEvidence,
    RetrievalEvidence,
)
from router.store.weekly.datasets import StoredDataset
from router.types import Candidate
from workers.context import Context
from workers.datasets.build import DatasetRules, LoggedAnswer, build_dataset
from workers.datasets.labelled import labelled_rows
from workers.datasets.people import BY_A_PERSON, people_rows
from workers.datasets.review import to_records
from workers.llm.metered import CallBudget
from workers.optimise.retrieval_comparison import RetrievalComparison, compare_with_retrieval
from workers.rollout.approval import affordable_usd, approval_of
from workers.rollout.candidate import last_evidence, live_version_of, route_of
from workers.rollout.states import Transition
from workers.training.teacher import MissingAnswers, answer_missing
from workers.training.tune import TrainingRunner

Fields = dict[str, Any]
"""Keyword arguments for an evidence class."""
NO_TRAINING = "no model may be trained, as it was approved"


def run(context: Context, candidate: Candidate, _: TrainingRunner) -> Transition:
    """Decides between the prompt, retrieval and training."""
    evidence = last_evidence(context, candidate)
    assert isinstance(evidence, OptimisedEvidence)
    settings = context.settings
    target = settings.ready_prompt_target

    if evidence.best_accuracy is not None and evidence.best_accuracy >= target:
        return KeptPromptEvidence(
            target=target, **_prompt_findings(evidence), **_offered_prompt(evidence)
        )

    live = live_version_of(context, candidate)
    prompted = _best_prompt(context, candidate, live, evidence)
    comparison = compare_with_retrieval(
        context,
        prompted,
        labelled_rows(context, route_of(context, candidate), candidate.team),
        candidate.team,
        CallBudget(
            settings.optimise_calls,
            affordable_usd(context.store, candidate.id, settings.optimise_usd),
        ),
    )

    # Answers that change from week to week cannot be trained into weights.
    volatility = candidate.evidence.volatility
    limit = settings.ready_max_volatility
    changing = volatility is not None and volatility > limit and not live.traits.retrieves
    if changing or comparison.helps(settings.retrieval_min_gain):
        return RetrievalEvidence(
            volatility=volatility if changing else None,
            max_volatility=limit if changing else None,
            **_retrieval_findings(comparison),
            **_offered_retrieval(comparison),
            **_prompt_findings(evidence),
        )

    allowed = approval_of(context.store, candidate.id)
    if allowed is not None and not allowed.trains:
        return KeptPromptEvidence(
            explanation=NO_TRAINING,
            **_retrieval_findings(comparison),
            **_prompt_findings(evidence),
            **_offered_prompt(evidence),
        )

    dataset = _build_dataset(context, candidate, prompted, comparison)
    return DatasetEvidence(
        dataset=dataset.id,
        rows=dataset.rows,
        people=dataset.people,
        teacher_summary=dataset.teacher_summary,
        **_retrieval_findings(comparison),
        **_prompt_findings(evidence),
    )


def _best_prompt(
    context: Context, candidate: Candidate, live: Version, evidence: OptimisedEvidence
) -> Version:
    """Returns the optimised version, or the live one where that is as good."""
    if evidence.prompted_version and evidence.passed:
        return context.exact_version(candidate.team, live.route, evidence.prompted_version)

    return live


@dataclass(frozen=True, slots=True)
class _BuiltDataset:
    id: str
    rows: int
    people: int
    teacher_summary: str


def _build_dataset(
    context: Context, candidate: Candidate, prompted: Version, comparison: RetrievalComparison
) -> _BuiltDataset:
    """Stores a dataset of the candidate's requests, with a teacher's answers where some lack."""
    settings, store = context.settings, context.store
    live = live_version_of(context, candidate)
    missing = _missing_answers(context, candidate, live)
    rules = DatasetRules(settings.mine_min_people, settings.dataset_max_person_share)
    excluded = store.opt_outs.for_team(candidate.team)

    # No teacher is paid for a dataset that would be refused: this state is tried again and again
    # while it waits for more requests.
    hoped_for = [row for row, _ in missing.answered]
    hoped_for += [replace(row, answer=row.text) for row in missing.unanswered]
    _refuse(candidate, build_dataset(hoped_for, rules, excluded).problems)

    compared_usd = float(comparison.spend.get("usd", 0.0))
    usd = affordable_usd(store, candidate.id, settings.teacher_usd, compared_usd)
    taught = answer_missing(context, prompted, missing, candidate.team, usd)
    dataset = build_dataset(taught.rows, rules, excluded)
    _refuse(candidate, dataset.problems)

    card = {**dataset.card, "teacher": taught.summary}
    if taught.card:
        card["teacher_cost"] = dict(taught.card)

    records = to_records(dataset.rows)
    store.datasets.insert(
        StoredDataset(
            team=candidate.team,
            id=dataset.id,
            candidate=candidate.id,
            route=live.route,
            rows=records,
            card=card,
            at=context.now(),
        )
    )
    return _BuiltDataset(dataset.id, len(dataset.rows), card["people"], taught.summary)


def _missing_answers(context: Context, candidate: Candidate, live: Version) -> MissingAnswers:
    """Returns the candidate's requests, those with a good answer apart from the others."""
    team, keys = candidate.team, candidate.evidence.requests
    answer_key = "data" if live.output is not None else "said"
    answered = []

    for row in context.store.datasets.answered_requests(team, keys, live.route):
        logged = LoggedAnswer(row["text"], row[answer_key], row["user"], row["at"])
        answered.append((logged, str(row["model"])))

    if live.output is None:
        people = people_rows(context.store, team, keys, live.route)
        answered += [(logged, BY_A_PERSON) for logged in people]

    unanswered = [
        LoggedAnswer(row["text"], None, row["user"], row["at"])
        for row in context.store.datasets.unanswered_requests(team, keys, live.route)
    ]
    return MissingAnswers(answered, unanswered)


def _refuse(candidate: Candidate, problems: Sequence[str]) -> None:
    if problems:
        raise InputError(
            f"making a dataset for {candidate.label!r}: {'; '.join(problems)}; "
            "wait for more requests"
        )


def _prompt_findings(evidence: OptimisedEvidence) -> Fields:
    """Returns what optimisation found.

    People see it, and the report measures the optimised prompt again.
    """
    return {
        "prompted_version": evidence.prompted_version,
        "dev_accuracy": evidence.dev_accuracy,
        "notes": evidence.notes,
        "best_accuracy": evidence.best_accuracy,
        "measured_on": evidence.measured_on,
        "spend": evidence.spend,
    }


def _offered_prompt(evidence: OptimisedEvidence) -> Fields:
    """Returns the optimised prompt's version for a person to try, if its report passed."""
    if not (evidence.prompted_version and evidence.passed):
        return {}

    return {"version": evidence.prompted_version, "report": evidence.report}


def _retrieval_findings(comparison: RetrievalComparison) -> Fields:
    """Returns what the comparison with documents found."""
    if comparison.gain is None:
        return {"retrieval_summary": comparison.summary}

    return {
        "retrieval_summary": comparison.summary,
        "retrieval_gain": comparison.gain,
        "retrieval_gain_interval": comparison.ci95,
        "retrieval_spend": dict(comparison.spend),
    }


def _offered_retrieval(comparison: RetrievalComparison) -> Fields:
    """Returns the version with documents for a person to try, if its report passed."""
    version, report = comparison.version, comparison.report
    if version is None or report is None or not report.body["passed"]:
        return {}

    return {"version": version.id, "report": report.id}
