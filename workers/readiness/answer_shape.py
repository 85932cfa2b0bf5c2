"""The form that most answers of a candidate share: a schema, a tool with its arguments, an edit of the message."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from workers.mining.naming import STOP
from workers.mining.rows import Row

REQUIRED = 0.95
"""A key in so many of the answers belongs to the schema; an answer without it does not fit."""
OPTIONAL = 0.05
"""A key in fewer answers than this is no part of the schema; an answer with it does not fit."""
SHARED = 0.5
"""An answer whose telling words overlap so far with the message's says the message again."""
FEWEST_WORDS = 4
EDIT = "an edit of the message"
WORD = re.compile(r"[^\W_]+")


def common_form(answered: Sequence[Row]) -> tuple[str, float]:
    """The form that most answers have, in words, and the share of all answers that fit it; ("", 0.0) for none.

    A schema is inferred: keys that nearly all answers have, keys that may be missing or null, and
    the usual kind of each value. Prose has no form, unless it is the message said again in other
    words.
    """
    groups: dict[str, list[Any]] = {}
    for row in answered:
        way, value = _way(row)
        if way:
            groups.setdefault(way, []).append(value)

    found = [
        (form, fitting / len(answered))
        for way, values in groups.items()
        for form, fitting in [_form(way, values)]
    ]
    return min(found, key=lambda pair: (-pair[1], pair[0]), default=("", 0.0))


def _way(row: Row) -> tuple[str, Any]:
    """How it was answered, `data`, `edit` or a tool's name in brackets, and what to compare; "" for other prose."""
    tool, data = row.record.get("tool"), row.record.get("data")
    if isinstance(tool, Mapping):
        return f"({tool.get('name', '')})", tool.get("arguments", {})
    if isinstance(tool, str) and tool:
        return f"({tool})", data
    if data is not None:
        return "data", data

    return ("edit", None) if _edited(row.text, str(row.record.get("text") or "")) else ("", None)


def _form(way: str, values: Sequence[Any]) -> tuple[str, int]:
    """The form in words, and how many of the values fit it."""
    if way == "edit":
        return EDIT, len(values)

    name = way.strip("()") if way != "data" else ""

    objects = [value for value in values if isinstance(value, Mapping)]
    if 2 * len(objects) >= len(values) and objects:
        schema, fitting = _schema(objects)
    else:
        schema, fitting = min(
            Counter(map(kind_of, values)).items(), key=lambda pair: (-pair[1], pair[0])
        )

    return (f"{name}({schema})" if name else schema), fitting


def _schema(objects: Sequence[Mapping[str, Any]]) -> tuple[str, int]:
    """The schema inferred from these objects, in words, and how many are valid under it."""
    seen = Counter(key for each in objects for key in each)
    kinds: dict[str, Counter[str]] = {}

    for each in objects:
        for key, value in each.items():
            if value is not None:
                kinds.setdefault(key, Counter())[kind_of(value)] += 1

    usual = {
        key: min(found.items(), key=lambda pair: (-pair[1], pair[0]))[0]
        for key, found in kinds.items()
    }
    required = {key for key, count in seen.items() if count >= REQUIRED * len(objects)}
    allowed = {key for key, count in seen.items() if count >= OPTIONAL * len(objects)}

    def valid(each: Mapping[str, Any]) -> bool:
        fits = all(value is None or kind_of(value) == usual[key] for key, value in each.items())
        return fits and required <= each.keys() <= allowed

    words = [
        f"{key}{'' if key in required else '?'}: {usual.get(key, 'null')}"
        for key in sorted(allowed)
    ]
    return "{" + ", ".join(words) + "}", sum(map(valid, objects)) if required or not allowed else 0


def kind_of(value: Any) -> str:
    """A value's kind, and of an object each key's; two answers of one schema have the same."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {kind_of(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list | tuple):
        return "[" + " | ".join(sorted({kind_of(each) for each in value})) + "]"
    if isinstance(value, bool):
        return "boolean"

    return "number" if isinstance(value, int | float) else "null" if value is None else "text"


def _edited(message: str, answer: str) -> bool:
    """Whether the answer is the message again, worded otherwise: corrected, shortened, in another style."""
    before, after = (set(WORD.findall(text.lower())) - STOP for text in (message, answer))
    if min(len(before), len(after)) < FEWEST_WORDS:
        return False

    return 2 * len(before & after) >= SHARED * (len(before) + len(after))
