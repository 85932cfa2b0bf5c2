"""Finds the form that most answers share: a schema, a tool with its arguments, or an edit."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from workers.mining.naming import STOP_WORDS
from workers.mining.rows import Row

REQUIRED_SHARE = 0.95
"""A key in this share of the answers is required; an answer without it does not fit."""
OPTIONAL_SHARE = 0.05
"""A key in a smaller share is not part of the schema; an answer with it does not fit."""
EDIT_OVERLAP = 0.5
"""Dice overlap of words from which on an answer is the message again, edited."""
MIN_EDIT_WORDS = 4
EDIT = "an edit of the message"
WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class _AnswerKind:
    """How a request was answered: by structured data, an edited message or a tool's arguments."""

    kind: str
    tool: str = ""


def dominant_form(answered: Sequence[Row]) -> tuple[str, float]:
    """Returns the form that most answers have, in words, and the share of all answers that fit it.

    A schema is inferred: keys that nearly all answers have, keys that may be missing or null, and
    the usual type of each value. Prose has no form, unless it is an edit of the message. Without
    any form the result is ("", 0.0); of equally frequent ones the first in the alphabet wins.
    """
    values_of: dict[_AnswerKind, list[object]] = {}
    for row in answered:
        answer = _classify(row)
        if answer is not None:
            kind, value = answer
            values_of.setdefault(kind, []).append(value)

    forms = []
    for kind, values in values_of.items():
        form, fitting = _infer_form(kind, values)
        forms.append((form, fitting / len(answered)))

    return min(forms, key=lambda pair: (-pair[1], pair[0]), default=("", 0.0))


def type_of(value: object) -> str:
    """Returns a value's type, and of an object each key's; answers of one schema have the same."""
    if isinstance(value, Mapping):
        fields = [f"{key}: {type_of(value[key])}" for key in sorted(value)]
        return "{" + ", ".join(fields) + "}"
    if isinstance(value, list | tuple):
        return "[" + " | ".join(sorted({type_of(item) for item in value})) + "]"

    # Before the numbers: in Python a boolean is an integer.
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"

    return "null" if value is None else "text"


def _classify(row: Row) -> tuple[_AnswerKind, object] | None:
    """Returns how the row was answered and what to compare; None for prose."""
    tool = row.record.get("tool")
    data = row.record.get("data")
    if isinstance(tool, Mapping):
        return _AnswerKind("tool", str(tool.get("name", ""))), tool.get("arguments", {})
    if isinstance(tool, str) and tool:
        return _AnswerKind("tool", tool), data
    if data is not None:
        return _AnswerKind("data"), data
    if _is_edit(row.text, str(row.record.get("text") or "")):
        return _AnswerKind("edit"), None

    return None


def _infer_form(kind: _AnswerKind, values: Sequence[object]) -> tuple[str, int]:
    """Returns the form in words, and how many of the values fit it."""
    if kind.kind == "edit":
        return EDIT, len(values)

    # Mostly objects: a schema. Anything else is compared by type.
    objects = [value for value in values if isinstance(value, Mapping)]
    if objects and 2 * len(objects) >= len(values):
        form, fitting = _infer_schema(objects)
    else:
        form, fitting = _most_frequent(Counter(map(type_of, values)))

    return (f"{kind.tool}({form})" if kind.tool else form), fitting


def _infer_schema(objects: Sequence[Mapping[str, object]]) -> tuple[str, int]:
    """Returns the schema of these objects in words, and how many are valid under it."""
    key_counts = Counter(key for item in objects for key in item)
    types_of: dict[str, Counter[str]] = {}

    for item in objects:
        for key, value in item.items():
            if value is not None:
                types_of.setdefault(key, Counter())[type_of(value)] += 1

    usual_type = {key: _most_frequent(types)[0] for key, types in types_of.items()}
    required = {key for key, n in key_counts.items() if n >= REQUIRED_SHARE * len(objects)}
    allowed = {key for key, n in key_counts.items() if n >= OPTIONAL_SHARE * len(objects)}

    def is_valid(item: Mapping[str, object]) -> bool:
        for key, value in item.items():
            if value is not None and type_of(value) != usual_type[key]:
                return False

        return required <= item.keys() <= allowed

    fields = []
    for key in sorted(allowed):
        optional = "" if key in required else "?"
        fields.append(f"{key}{optional}: {usual_type.get(key, 'null')}")

    # Objects without a common key are not one form, though each fits "everything is optional".
    has_form = bool(required) or not allowed
    fitting = sum(map(is_valid, objects)) if has_form else 0
    return "{" + ", ".join(fields) + "}", fitting


def _most_frequent(counts: Counter[str]) -> tuple[str, int]:
    """Returns the most frequent entry and its count; of equal ones the first in the alphabet."""
    return min(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def _is_edit(message: str, answer: str) -> bool:
    """Returns whether the answer is the message again: corrected, shortened or restyled."""
    message_words = set(WORD.findall(message.lower())) - STOP_WORDS
    answer_words = set(WORD.findall(answer.lower())) - STOP_WORDS
    if min(len(message_words), len(answer_words)) < MIN_EDIT_WORDS:
        return False

    # Dice coefficient: 2 |A & B| / (|A| + |B|).
    shared = len(message_words & answer_words)
    return 2 * shared >= EDIT_OVERLAP * (len(message_words) + len(answer_words))
