"""Writes a draft: name, description, kind, prompt, schema, limits, utterances and examples.

The kind follows the essay's order: documents where they answer, a record where answers have one
shape, free text otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from router.catalog.catalog import build_version
from router.catalog.route_file import ExampleRow, FrontMatter
from router.catalog.version import Version
from router.kinds import Kind
from router.store.versions.drafted_routes import DraftedRoute, DraftText
from router.types import Candidate
from workers.drafting import sentences as texts
from workers.drafting.answer_form import AnswerForm, DraftField
from workers.drafting.examples import (
    MIN_TEACHING_TEXTS,
    made_up_rows,
    own_wordings,
    pick_negatives,
    pick_utterances,
    split_requests,
)
from workers.drafting.material import Material

MIN_TEST_ROWS = 10
NAME_LENGTH = 40
USD = 0.02
SECONDS = 60.0
FREE_TOKENS = 220
RAG_TOKENS = 300
FIELD_TOKENS = 30
MAX_ANSWER_WORDS = 250
_NAME_PARTS = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True, slots=True)
class DraftPlan:
    """What a draft is to be, before it is written as a version.

    `style` is `rag`, `structured` or `prompt`. `rules` are further lines of the prompt. `notes` say
    how it was decided.
    """

    name: str
    label: str
    style: str
    form: AnswerForm
    description: str
    prompt: str
    notes: tuple[str, ...] = ()
    role: str = ""
    wordings: tuple[str, ...] = ()

    @property
    def kind(self) -> Kind:
        """The kind of the version."""
        return "rag" if self.style == "rag" else "prompt"


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft: the route's texts and its version, which is not stored yet."""

    route: DraftedRoute
    version: Version


def plan_draft(
    label: str, material: Material, form: AnswerForm, style: str, note: str, taken: Collection[str]
) -> DraftPlan:
    """Returns the plan that Beagle's own sentences give. `taken` are the names of known routes."""
    notes = [note]
    if style == "structured" and form.left_out:
        names = ", ".join(name.replace("_", " ") for name in form.left_out)
        notes.append(texts.LEFT_OUT_NOTE.format(names=names))

    return DraftPlan(
        name=unused_name(label, taken),
        label=label,
        style=style,
        form=form if style == "structured" else AnswerForm("text"),
        description=texts.DESCRIPTIONS[style].format(label=label),
        prompt=task_prompt(label, style, form.fields, _answer_words(material)),
        role=texts.ROLES[style].format(label=label),
        notes=tuple(notes),
    )


def write_draft(candidate: Candidate, material: Material, plan: DraftPlan, now: float) -> Draft:
    """Returns the draft of the plan, with texts of people and of Beagle's own."""
    rows = split_requests(material.asked, material.wording, plan.form)
    utterances, others = pick_utterances(rows["train"])
    utterances += [DraftText(text) for text in plan.wordings]

    made_up = made_up_rows(plan.label, plan.form.fields)
    missing = MIN_TEACHING_TEXTS - len(utterances) - len(others) - len(made_up)
    utterances += own_wordings(plan.label, missing)

    # Made-up rows come first: a version shows the first ones, and must never hold anybody's words.
    examples = [*made_up, *others, *rows["dev"], *rows["test"]]
    known = [part.text for part in (*utterances, *examples)]
    negatives = pick_negatives(material.neighbours, material.wording, known)

    notes = list(plan.notes)
    answered = sum(row.answer is not None for row in rows["test"])
    if answered < MIN_TEST_ROWS and plan.style != "rag":
        notes.append(texts.few_answers_note(answered))

    version = make_version(plan, [part.text for part in utterances], len(made_up), made_up)
    drafted = DraftedRoute(
        team=candidate.team,
        name=plan.name,
        candidate=candidate.id,
        version=version.id,
        description=plan.description,
        utterances=tuple(utterances),
        rows=tuple(examples),
        negatives=tuple(negatives),
        notes=tuple(notes),
        at=now,
    )
    return Draft(drafted, version)


def make_version(
    plan: DraftPlan, utterances: Sequence[str], shots: int, made_up: Sequence[DraftText]
) -> Version:
    """Returns the version that a route file with this plan describes.

    Raises ValueError where such a file would be refused.
    """
    front: dict[str, Any] = {
        "name": plan.name,
        "description": plan.description,
        "utterances": list(utterances),
        "kind": plan.kind,
        "role": plan.role,
        "limits": {"seconds": SECONDS, "usd": USD, "output_tokens": _output_tokens(plan)},
    }
    if plan.style == "structured":
        front["output"] = schema_of(plan.form.fields)
    if shots and plan.style == "structured":
        front["steps"] = [{"do": "prompt", "shots": shots}]

    rows = [ExampleRow(text=row.text, answer=row.answer) for row in made_up]
    return build_version(FrontMatter.model_validate(front), plan.prompt, rows)


def schema_of(fields: Sequence[DraftField]) -> dict[str, Any]:
    """Returns the JSON schema of an answer with these fields."""
    return {"type": "object", "properties": {one.name: one.schema() for one in fields}}


def unused_name(label: str, taken: Collection[str]) -> str:
    """Returns a route's name made from the label that no other route has."""
    parts = _NAME_PARTS.findall(label.lower())
    name = "_".join(parts)[:NAME_LENGTH].strip("_") or "request"
    if not name[0].isalpha():
        name = f"r_{name}"[:NAME_LENGTH]

    number = 2
    chosen = name
    while chosen in taken:
        suffix = f"_{number}"
        chosen = f"{name[: NAME_LENGTH - len(suffix)]}{suffix}"
        number += 1

    return chosen


def task_prompt(label: str, style: str, fields: Sequence[DraftField], words: int) -> str:
    """Returns Beagle's own instructions for requests about the label."""
    if style == "rag":
        return texts.RAG_PROMPT.format(label=label, data_rule=texts.DATA_RULE)
    if style == "prompt":
        return texts.FREE_PROMPT.format(label=label, words=words, data_rule=texts.DATA_RULE)

    rules = []
    for one in fields:
        line = texts.SLOT_RULE
        if one.choices:
            line = texts.CHOICE_RULE
        choices = ", ".join(one.choices)
        rules.append(line.format(name=one.name, meaning=one.meaning, choices=choices))

    return texts.STRUCTURED_PROMPT.format(
        label=label, rules="\n".join(rules), data_rule=texts.DATA_RULE
    )


def _answer_words(material: Material) -> int:
    """Returns how long people's answers are, rounded up to tens; a usual length without any."""
    counts = sorted(len(one.answer.split()) for one in material.asked if one.answer)
    if not counts:
        return texts.DEFAULT_WORDS

    longest = counts[int(0.9 * (len(counts) - 1))]
    return min(MAX_ANSWER_WORDS, 10 * (longest // 10 + 2))


def _output_tokens(plan: DraftPlan) -> int:
    if plan.style == "structured":
        return 40 + FIELD_TOKENS * len(plan.form.fields)

    return RAG_TOKENS if plan.style == "rag" else FREE_TOKENS
