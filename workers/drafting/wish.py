"""Drafts a route from what an admin wrote in a dialog: a name, what it should do, two examples."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace

from router.store.versions.drafted_routes import DraftedRoute, DraftText
from router.text.printable import shorten
from router.types import Candidate
from workers.drafting import sentences as texts
from workers.drafting.answer_form import AnswerForm, DraftField
from workers.drafting.draft import Draft, DraftPlan, make_version, task_prompt, unused_name
from workers.drafting.kind import STYLES
from workers.drafting.slots import MEANINGS, values_by_kind
from workers.drafting.wordings import wish_wordings

DEFAULT_STYLE = "prompt"
MAX_DESCRIPTION = 200
MAX_FIELDS = 6
MAX_FIELD_WORDS = 4
_ASKED_FOR = re.compile(r"\bask (?:them |people |him |her )?for ([^.;\n]{1,200})", re.IGNORECASE)
_LISTED = re.compile(r" ?, ?(?:and |or )?| (?:and|or|as well as) ", re.IGNORECASE)
_ARTICLE = re.compile(r"^(?:the|a|an|any|their|its|his|her|your|and|or) +", re.IGNORECASE)
_NAME = re.compile(r"[a-z0-9]+")


def wanted_style(avoid: Collection[str]) -> str:
    """Returns the style of a draft where these are not wanted; free text where all may be."""
    allowed = [style for style in STYLES if style not in avoid]
    return allowed[0] if avoid and allowed else DEFAULT_STYLE


def write_wish(
    candidate: Candidate, taken: Collection[str], now: float, style: str = DEFAULT_STYLE
) -> Draft:
    """Returns the draft in that style: `rag`, `structured` or `prompt`."""
    plan = _plan(candidate, taken, style)
    asked = candidate.evidence.examples
    author = candidate.approver or ""
    worded = wish_wordings(candidate.label, candidate.definition, asked)
    utterances = [DraftText(text, author) for text in asked]
    utterances += [DraftText(text) for text in worded]

    version = make_version(plan, [part.text for part in utterances], 0, ())
    notes = plan.notes
    if style != "rag":
        notes += (texts.few_answers_note(0),)

    drafted = DraftedRoute(
        team=candidate.team,
        name=plan.name,
        candidate=candidate.id,
        version=version.id,
        description=plan.description,
        utterances=tuple(utterances),
        notes=notes,
        at=now,
    )
    return Draft(drafted, version)


def _plan(candidate: Candidate, taken: Collection[str], style: str) -> DraftPlan:
    label, wish = candidate.label, candidate.definition.strip()
    plan = DraftPlan(
        name=unused_name(label, taken),
        label=label,
        style=style,
        form=AnswerForm("text"),
        description=shorten(wish, MAX_DESCRIPTION),
        prompt=texts.WISH_PROMPT.format(wish=_literal(wish), data_rule=texts.DATA_RULE),
        role=texts.ROLES[style].format(label=_literal(label)),
        notes=(texts.KIND_NOTES["wish"],),
    )
    if style == DEFAULT_STYLE:
        return plan

    fields = _fields(candidate) if style == "structured" else ()
    own = task_prompt(_literal(label), style, fields, texts.DEFAULT_WORDS)
    prompt = texts.WISH_TASK.format(wish=_literal(wish), prompt=own)
    return replace(plan, form=AnswerForm("fields", fields), prompt=prompt)


def _fields(candidate: Candidate) -> tuple[DraftField, ...]:
    """Returns the details that the description has asked for, else those that the examples name.

    Where neither names one, what is wanted is the only detail.
    """
    fields: dict[str, DraftField] = {}
    for match in _ASKED_FOR.finditer(candidate.definition):
        for part in _LISTED.split(match.group(1)):
            words = _ARTICLE.sub("", part.strip())
            name = "_".join(_NAME.findall(words.lower()))
            is_usable = name and name[0].isalpha() and len(words.split()) <= MAX_FIELD_WORDS
            if is_usable:
                meaning = texts.WISH_FIELD.format(detail=_literal(words))
                fields.setdefault(name, DraftField(name, meaning))

    if not fields:
        for example in candidate.evidence.examples:
            for slot in values_by_kind(example):
                fields.setdefault(slot, DraftField(slot, MEANINGS[slot], slot=slot))

    default = DraftField("request", texts.WISH_REQUEST)
    return tuple(fields.values())[:MAX_FIELDS] or (default,)


def _literal(text: str) -> str:
    """Returns a person's text for a prompt: what they typed is never a template."""
    return text.replace("{", "(").replace("}", ")")
