"""The dialog in which a person reviews rows of a dataset: each answer is a form to correct.

A row's form comes from the route's output schema: a choice is a menu, a text is a field, a list is
one item a line. It is filled with the answer that was given, so that nobody has to write JSON.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from bot.payloads import Block, ButtonValue, View
from bot.ui import rich_text
from bot.ui.blocks import plain_paragraph
from bot.ui.dialogs import answer_to, dialog, has_question, option, question, text_field
from bot.ui.texts import rollout as texts
from bot.weekly.candidate_view import ids_of
from router.text.printable import shorten
from router.types import Candidate
from workers.datasets.build import MAX_CHARACTERS, DatasetExample

REVIEW_VIEW = "rollout_review_view"
ROWS_PER_DIALOG = 8
"""More would not be read."""
MAX_BLOCKS = 100
"""Blocks that Slack accepts in a dialog."""
ANSWER_LIMIT = 1000
LABEL_LIMIT = 150
HINT_LIMIT = 300
"""Characters of what a field means; Slack takes more, and nobody reads more."""
MAX_CHOICES = 100
"""Options that Slack accepts in a menu."""
MAX_CHOICE_CHARACTERS = 75
MINUTES_PER_ROW = 0.5
"""What reading a message and its few fields takes."""

JsonSchema = Mapping[str, Any]
FieldKind = Literal["choice", "text", "integer", "number", "boolean", "lines", "json"]
BOOLEANS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class FormField:
    """One field of an answer: the property's name, how it is asked for, and a menu's values.

    `meaning` is the property's `description` in the route file, empty without one.
    """

    name: str
    kind: FieldKind
    choices: tuple[str, ...] = ()
    meaning: str = ""


def fields_of(schema: JsonSchema | None) -> tuple[FormField, ...]:
    """Returns the fields of an answer in that schema; none where the answer is plain text."""
    properties = (schema or {}).get("properties") or {}
    return tuple(
        _with_meaning(_field(str(name), rules), rules) for name, rules in properties.items()
    )


def rows_per_dialog(fields: Sequence[FormField]) -> int:
    """Returns how many rows fit into one dialog."""
    # One block for the line above the rows; the message and the verdict of each row.
    return max(1, min(ROWS_PER_DIALOG, (MAX_BLOCKS - 1) // (2 + max(1, len(fields)))))


def minutes_for(rows: int) -> int:
    """Returns about how many minutes a person needs for so many rows."""
    return max(1, round(rows * MINUTES_PER_ROW))


def review_dialog(
    candidate: Candidate,
    dataset: str,
    rows: Sequence[DatasetExample],
    places: Sequence[int],
    schema: JsonSchema | None,
) -> Block:
    """Returns a dialog in which each row is accepted, corrected or dropped.

    `places` are the positions in `rows` of those to show; `schema` is that of the answers.
    """
    fields = fields_of(schema)
    intro = texts.REVIEW_INTRO.format(rows=len(places), minutes=minutes_for(len(places)))
    blocks: list[Block] = [plain_paragraph(intro)]
    for place in places:
        blocks += _row_blocks(place, rows[place], fields)

    # The dialog carries positions, not texts: Slack limits its metadata to 3,000 characters.
    value: ButtonValue = {**ids_of(candidate), "dataset": dataset, "places": list(places)}
    buttons = (texts.REVIEW_SAVE, texts.REVIEW_CANCEL)
    return dialog(REVIEW_VIEW, texts.REVIEW_TITLE, buttons, value, blocks)


def verdict_name(place: int) -> str:
    """Returns the name of the question whether a row is right."""
    return f"verdict{place}"


def answer_name(place: int, number: int = 0) -> str:
    """Returns the name of the question for a field of a row's answer, counted from 0."""
    return f"answer{place}" if number == 0 else f"answer{place}_{number}"


def corrected_answer(view: View, place: int, row: DatasetExample, schema: JsonSchema | None) -> Any:
    """Returns the answer as the form has it; None where it is the one that was given.

    Raises ValueError for a field that cannot be read, such as letters in place of a number.
    """
    fields = fields_of(schema)
    if not fields:
        text = answer_to(view, answer_name(place)).strip()
        return text if text and text != str(row.answer)[:ANSWER_LIMIT].strip() else None

    answer = dict(row.answer) if isinstance(row.answer, Mapping) else {}
    changed = False
    for number, field in enumerate(fields):
        text = answer_to(view, answer_name(place, number))
        before = _as_text(field, answer.get(field.name))[:ANSWER_LIMIT]
        if text.strip() == before.strip() or not has_question(view, answer_name(place, number)):
            continue

        changed = True
        value = _parsed(field, text.strip())
        if value is None:
            answer.pop(field.name, None)
        else:
            answer[field.name] = value

    return answer if changed else None


def _row_blocks(place: int, row: DatasetExample, fields: Sequence[FormField]) -> list[Block]:
    warning = ""
    if row.suspect:
        warning += texts.REVIEW_SUSPICIOUS.format(reason=row.suspect)
    if row.contradicted:
        warning += texts.REVIEW_CONTRADICTED

    message = rich_text.text(shorten(f"{warning}{row.text}", MAX_CHARACTERS), bold=True)
    blocks: list[Block] = [rich_text.block([rich_text.section(message)])]

    if fields:
        answer = row.answer if isinstance(row.answer, Mapping) else {}
        for number, field in enumerate(fields):
            element = _element(field, answer.get(field.name))
            label = shorten(field.name.replace("_", " "), LABEL_LIMIT)
            hint = shorten(field.meaning, HINT_LIMIT)
            name = answer_name(place, number)
            blocks.append(question(name, label, element, optional=True, hint=hint))
    else:
        element = _text_element(str(row.answer), multiline=True)
        blocks.append(question(answer_name(place), texts.REVIEW_ANSWER, element, optional=True))

    verdicts = [option(texts.REVIEW_RIGHT, "accepted"), option(texts.REVIEW_DROP, "dropped")]
    radio = {"type": "radio_buttons", "options": verdicts}
    blocks.append(question(verdict_name(place), texts.REVIEW_QUESTION, radio, optional=True))
    return blocks


def _with_meaning(field: FormField, rules: object) -> FormField:
    meaning = rules.get("description") if isinstance(rules, Mapping) else None
    return replace(field, meaning=meaning) if isinstance(meaning, str) else field


def _field(name: str, rules: object) -> FormField:
    """Returns how a property is asked for."""
    if not isinstance(rules, Mapping):
        return FormField(name, "json")

    choices = rules.get("enum")
    if isinstance(choices, Sequence) and _fit_a_menu(choices):
        return FormField(name, "choice", tuple(choices))

    kind = rules.get("type")
    items = rules.get("items")
    if kind == "string":
        return FormField(name, "text")
    if kind in ("integer", "number", "boolean"):
        return FormField(name, kind)
    if kind == "array" and isinstance(items, Mapping) and items.get("type") == "string":
        return FormField(name, "lines")

    return FormField(name, "json")


def _fit_a_menu(choices: Sequence[object]) -> bool:
    return 0 < len(choices) <= MAX_CHOICES and all(
        isinstance(choice, str) and 0 < len(choice) <= MAX_CHOICE_CHARACTERS for choice in choices
    )


def _element(field: FormField, value: object) -> Block:
    """Returns the field's element, filled with the value that was given."""
    choices = tuple(BOOLEANS) if field.kind == "boolean" else field.choices
    shown = _as_text(field, value)
    if not choices:
        return _text_element(shown, multiline=field.kind in ("lines", "json"))

    options = [option(choice, choice) for choice in choices]
    menu: Block = {"type": "static_select", "options": options}
    if shown in choices:
        menu["initial_option"] = options[choices.index(shown)]

    return menu


def _text_element(shown: str, *, multiline: bool) -> Block:
    element = text_field(ANSWER_LIMIT, multiline=multiline)
    if shown:
        element["initial_value"] = shown[:ANSWER_LIMIT]

    return element


def _as_text(field: FormField, value: object) -> str:
    """Returns a field's value as the form shows it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if field.kind == "lines" and isinstance(value, list):
        return "\n".join(str(item) for item in value)

    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _parsed(field: FormField, text: str) -> Any:
    """Returns what was written into a field; None where it was emptied and may be left out."""
    if field.kind in ("text", "choice"):
        return text
    if field.kind == "lines":
        return [line.strip() for line in text.splitlines() if line.strip()]
    if not text:
        return None

    try:
        if field.kind == "integer":
            return int(text)
        if field.kind == "number":
            return float(text)

        return BOOLEANS[text] if field.kind == "boolean" else json.loads(text)
    except (ValueError, KeyError, RecursionError) as error:
        raise ValueError(
            texts.REVIEW_UNREADABLE.format(field=field.name.replace("_", " "), kind=field.kind)
        ) from error
