"""Structured answers: the JSON Schema that a model is given, and the check of its answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

MAX_TEXT = 400
MAX_ITEMS = 20
REASONING = "reasoning"
MAX_REASONING = 300
MAX_PROBLEM = 200
"""Characters of a problem that the model is told."""
BOUNDED_KEYWORDS = frozenset({"enum", "const", "maxLength", "pattern", "format"})
"""A string schema with one of these keywords has a limit already."""


class AnswerShapeError(ValueError):
    """An answer is not valid under its schema; the message can be shown to the model."""


def bound_lengths(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the schema with a limit on every text and list.

    A small model that is forced into a shape may never stop by itself.
    """
    bounded: dict[str, Any] = deepcopy(dict(schema))
    _bound(bounded)
    return bounded


def add_reasoning_field(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the schema with a field for reasoning before all others.

    Models write fields in order, so the reasoning can guide the answer.
    """
    # Copied: the schema belongs to a version, which must not change.
    extended = deepcopy(dict(schema))
    reasoning = {REASONING: {"type": "string", "maxLength": MAX_REASONING}}
    extended["properties"] = reasoning | extended["properties"]
    extended["required"] = [REASONING, *extended.get("required", ())]

    return extended


def parse_answer(text: str, schema: Mapping[str, Any]) -> Any:
    """Returns the JSON value of `text`, valid under the schema, without lone surrogates and NUL.

    Nothing is repaired: a repaired answer can be valid and wrong. Raises AnswerShapeError saying
    what is wrong.
    """
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise AnswerShapeError(f"the answer is no JSON: {error}") from error

    # Sorted by place, so that the same answer always gets the same complaint.
    problems = sorted(Draft202012Validator(dict(schema)).iter_errors(value), key=_place)
    if problems:
        place = ".".join(_place(problems[0])) or "the answer"
        raise AnswerShapeError(f"{place}: {problems[0].message[:MAX_PROBLEM]}")

    return _clean(value)


def render_value(value: Any) -> str:
    """Returns a structured answer as people read it: a line for each field, lists as bullets."""
    if not isinstance(value, Mapping):
        return _inline(value)

    lines = []
    for name, part in value.items():
        if part not in (None, "", []):
            lines.append(f"{field_label(name)}: {_inline(part)}")

    return "\n".join(lines)


def _bound(schema: dict[str, Any]) -> None:
    kinds = schema.get("type")
    if not isinstance(kinds, list):
        kinds = [kinds]

    if "string" in kinds and not BOUNDED_KEYWORDS & schema.keys():
        schema["maxLength"] = MAX_TEXT
    if "array" in kinds:
        schema.setdefault("maxItems", MAX_ITEMS)

    for part in schema.get("properties", {}).values():
        _bound(part)

    for keyword in ("anyOf", "oneOf", "allOf", "prefixItems"):
        for part in schema.get(keyword, ()):
            _bound(part)

    if isinstance(schema.get("items"), dict):
        _bound(schema["items"])


def _place(problem: ValidationError) -> list[str]:
    return [str(part) for part in problem.path]


def _refuse_constant(constant: str) -> float:
    """Refuses NaN and Infinity, which Python reads and JSON does not have."""
    raise ValueError(f"{constant} is no JSON number")


def _clean(value: Any) -> Any:
    """Replaces lone surrogates and removes NUL: databases and Slack accept neither."""
    if isinstance(value, str):
        text = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return text.replace("\x00", "")

    if isinstance(value, list):
        return [_clean(part) for part in value]
    if isinstance(value, dict):
        return {_clean(name): _clean(part) for name, part in value.items()}

    return value


def may_be_null(schema: Mapping[str, Any]) -> bool:
    """Returns whether a field of this schema may be left empty by null."""
    kinds = schema.get("type")
    return isinstance(kinds, list) and "null" in kinds


def field_label(name: str) -> str:
    """Returns a field's name as an answer shows it."""
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def _inline(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return "".join(f"\n• {_one_line(item)}" for item in value)

    return _one_line(value)


def _one_line(value: Any) -> str:
    if isinstance(value, Mapping):
        parts = []
        for name, part in value.items():
            if part not in (None, ""):
                parts.append(f"{field_label(name)}: {_one_line(part)}")

        return ", ".join(parts)

    if isinstance(value, list):
        return ", ".join(_one_line(part) for part in value)

    return "none" if value is None else str(value)
