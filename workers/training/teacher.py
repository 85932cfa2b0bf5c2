"""Asks a teacher what a dataset lacks: the better model, on requests with a bad answer, none, or a weak model's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from router.catalog.route_file import Row
from router.catalog.version import Version
from router.text.redact import redact
from workers.context import Context
from workers.datasets.build import Asked
from workers.evaluation.run import run_rows
from workers.knowledge.workspace_scope import as_everybody
from workers.llm.gateway import LOCAL
from workers.llm.metered import Limits, Metered, SpentError, record
from workers.training.tune import alone

WEAK = "no teacher was asked: the small local model is none; set BEAGLE_TEACHER_MODEL"


@dataclass(frozen=True, slots=True)
class Taught:
    """The rows of a dataset with what a teacher added, and how it went, in words; `card` is for the data card."""

    rows: Sequence[Asked]
    said: str
    card: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lacking:
    """A route's answered requests, with the model that answered each, and those without a good answer."""

    answered: Sequence[tuple[Asked, str]]
    unanswered: Sequence[Asked]


def teach(
    context: Context, prompted: Version, lacking: Lacking, team: str, usd: float | None = None
) -> Taught:
    """The rows, the teacher's answers in the place of what was missing, bad or weak, as far as its budget went.

    The teacher answers by the route's own best prompt and in its shape; what it is sent is masked.
    Its rows are marked `teacher`, and like all rows nobody is taught them before a person has let
    them through. Killed and called again it goes on from what was paid for. Raises AwayError when
    it cannot be reached.
    """
    settings, kept = context.settings, [one for one, _ in lacking.answered]
    name = settings.teacher_model or (prompted.models or (settings.model,))[0]
    weak = [one for one, model in lacking.answered if is_weak(model)]

    asked = [*lacking.unanswered, *weak]
    if not asked or not settings.teacher_calls:
        return Taught(
            kept,
            "no teacher was asked: nothing was lacking"
            if settings.teacher_calls
            else "no teacher is set",
        )

    if is_weak(name) or prompted.kind in ("head", "tuned"):
        return Taught(
            kept,
            WEAK
            if is_weak(name)
            else f"no teacher was asked: a {prompted.kind} version has no prompt",
        )

    file = record(settings.data, "teacher", team, prompted.route, prompted.id, name)
    limits = Limits(settings.teacher_calls, settings.teacher_usd if usd is None else usd)

    with alone(file.parent):
        meter = Metered(context.model, file, limits, team)
        version = prompted.changed(models=[name])
        answers, ended = _answers(as_everybody(context, team, model=meter), version, asked)

    rows = [one for one in kept if id(one) not in answers] + list(answers.values())
    card = {"model": name, "asked": len(asked), "answered": len(answers), **meter.spent}
    said = f"{name} answered {len(answers)} of {len(asked)} requests that had no good answer" + (
        f"; {ended}" if ended else ""
    )

    return Taught(rows, said, card)


def is_weak(model: str) -> bool:
    """Whether the model is the small one that comes with Beagle, tuned or not."""
    return model == LOCAL or model.startswith(f"{LOCAL}/")


def _answers(
    context: Context, version: Version, asked: Sequence[Asked]
) -> tuple[dict[int, Asked], str]:
    """What the teacher said, by the row it is for (its `id`), and why it ended early."""
    found: dict[int, Asked] = {}
    failed = 0

    for one in asked:
        row = Row(text=redact(one.text)[:4000])
        try:
            (ran,) = run_rows(context, version, [row])
        except SpentError as error:
            return found, str(error)

        if ran.outcome is None:
            failed += 1
            continue

        answer = ran.outcome.data if version.output is not None else ran.outcome.text
        found[id(one)] = Asked(row.text, answer, one.user, one.at, "teacher")

    return found, f"{failed} gave no valid answer" if failed else ""
