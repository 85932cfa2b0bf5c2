"""Fills a dataset with a teacher's answers.

A better model, for requests with a bad answer, none, or the small model's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from router.catalog.route_file import ExampleRow
from router.catalog.version import Version
from router.config import Settings
from router.text.redact import redact
from workers.context import Context
from workers.datasets.build import LoggedAnswer
from workers.evaluation.run import run_rows
from workers.knowledge.workspace_scope import workspace_context
from workers.llm.call_recording import recording_path
from workers.llm.gateway import LOCAL
from workers.llm.metered import BudgetExhaustedError, CallBudget, MeteredModel
from workers.llm.model_prices import EXTRACTIVE
from workers.runtime.file_lock import file_lock

NO_TEACHER_MODEL = (
    "no larger model was asked for answers, because only the small local one is set; "
    "BEAGLE_TEACHER_MODEL names one"
)
MAX_TEXT = 4000
"""Characters of a request that are sent."""


@dataclass(frozen=True, slots=True)
class TeacherResult:
    """The rows of a dataset with the teacher's answers, and a summary for people.

    `card` is for the data card.
    """

    rows: Sequence[LoggedAnswer]
    summary: str
    card: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MissingAnswers:
    """A route's answered requests with the model of each, and those without a good answer."""

    answered: Sequence[tuple[LoggedAnswer, str]]
    unanswered: Sequence[LoggedAnswer]


def answer_missing(
    context: Context,
    prompted: Version,
    missing: MissingAnswers,
    team: str,
    usd: float | None = None,
) -> TeacherResult:
    """Returns the rows, with a teacher's answer where one was missing, bad, or the small model's.

    The teacher answers with the route's own best prompt, in its shape, for at most `usd` or what
    the settings allow. What is sent to it is masked. Its rows have the origin `teacher`; like all
    rows they are learned only after a person accepted them. Killed and called again, it reuses
    the calls already paid for. Raises ModelUnavailableError when it cannot be reached.
    """
    settings = context.settings
    answered = [row for row, _ in missing.answered]
    teacher = settings.teacher_model or (prompted.models or (settings.model,))[0]
    to_ask = [
        *missing.unanswered,
        *(row for row, model in missing.answered if is_small_model(model) or model == EXTRACTIVE),
    ]

    obstacle = _obstacle(settings, prompted, teacher, to_ask)
    if obstacle:
        return TeacherResult(answered, obstacle)

    file = recording_path(settings.data, "teacher", team, prompted.route, prompted.id, teacher)
    budget = CallBudget(settings.teacher_calls, settings.teacher_usd if usd is None else usd)

    with file_lock(file.parent):
        meter = MeteredModel(context.model, file, budget, team)
        version = prompted.with_changes(models=[teacher])
        answers, problem = _ask_teacher(
            workspace_context(context, team, model=meter), version, to_ask
        )

    # By identity: two people may have sent the same text.
    rows = [row for row in answered if id(row) not in answers] + list(answers.values())
    card = {"model": teacher, "asked": len(to_ask), "answered": len(answers), **meter.spent}
    summary = f"{teacher} answered {len(answers)} of {len(to_ask)} requests that had no good answer"
    if problem:
        summary += f"; {problem}"

    return TeacherResult(rows, summary, card)


def _obstacle(
    settings: Settings, prompted: Version, teacher: str, to_ask: Sequence[LoggedAnswer]
) -> str:
    """Returns why no teacher is asked, in words; empty where one is."""
    if not settings.teacher_calls:
        return "no teacher model is set"
    if not to_ask:
        return "no teacher model was asked: every request has a good answer"
    if is_small_model(teacher):
        return NO_TEACHER_MODEL
    if prompted.traits.trained:
        return f"no teacher model was asked: a {prompted.kind} version has no prompt"

    return ""


def is_small_model(model: str) -> bool:
    """Returns whether the model is the small one that comes with Beagle, tuned or not."""
    return model == LOCAL or model.startswith(f"{LOCAL}/")


def _ask_teacher(
    context: Context, version: Version, rows: Sequence[LoggedAnswer]
) -> tuple[dict[int, LoggedAnswer], str]:
    """Returns the teacher's answers by the `id()` of their row, and what went wrong, in words."""
    answers: dict[int, LoggedAnswer] = {}
    failed = 0

    for logged in rows:
        # Masked and cut, because it leaves this machine.
        row = ExampleRow(text=redact(logged.text)[:MAX_TEXT])
        try:
            (result,) = run_rows(context, version, [row])
        except BudgetExhaustedError as error:
            return answers, str(error)

        if result.outcome is None:
            failed += 1
            continue

        answer = result.outcome.data if version.output is not None else result.outcome.text
        answers[id(logged)] = LoggedAnswer(row.text, answer, logged.user, logged.at, "teacher")

    return answers, f"{failed} gave no valid answer" if failed else ""
