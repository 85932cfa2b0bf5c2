"""Structured answers: the schema a model is given, and the check of what it said."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from jsonschema import Draft202012Validator

LONGEST_TEXT = 400
MOST_ITEMS = 20
REASONING = "reasoning"
LONGEST_REASONING = 300


class ShapeError(ValueError):
    """An answer is not what the schema asks for; the message can be shown to the model."""


def bounded(schema: Mapping[str, Any]) -> dict[str, Any]:
    """`schema` with an end to every text and list: a small model forced into a shape may never stop by itself."""
    found: dict[str, Any] = deepcopy(dict(schema))
    _bound(found)
    return found


def with_reasoning(schema: Mapping[str, Any]) -> dict[str, Any]:
    """`schema` with a field for thinking ahead of all others: what is written first can guide what follows."""
    found = deepcopy(dict(schema))
    thinking = {REASONING: {"type": "string", "maxLength": LONGEST_REASONING}}
    found["properties"] = thinking | found["properties"]
    found["required"] = [REASONING, *found.get("required", ())]

    return found


def parse(text: str, schema: Mapping[str, Any]) -> Any:
    """The value that `text` spells, valid under `schema`, its texts free of halves of characters and of NUL.

    Raises ShapeError saying what is wrong; nothing is repaired, because a repaired answer can be
    valid and false.
    """
    try:
        value = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise ShapeError(f"the answer is no JSON: {error}") from error

    problems = sorted(
        Draft202012Validator(dict(schema)).iter_errors(value),
        key=lambda one: list(map(str, one.path)),
    )
    if problems:
        where = ".".join(map(str, problems[0].path)) or "the answer"
        raise ShapeError(f"{where}: {problems[0].message[:200]}")

    return _whole(value)


def in_words(value: Any) -> str:
    """A structured answer as people read it: one line for each field, lists as bullets."""
    if isinstance(value, Mapping):
        return "\n".join(
            f"{_label(name)}: {_inline(part)}"
            for name, part in value.items()
            if part not in (None, "", [])
        )

    return _inline(value)


def _bound(schema: dict[str, Any]) -> None:
    kinds = schema.get("type")

    kinds = kinds if isinstance(kinds, list) else [kinds]
    if (
        "string" in kinds
        and not {"enum", "const", "maxLength", "pattern", "format"} & schema.keys()
    ):
        schema["maxLength"] = LONGEST_TEXT

    if "array" in kinds:
        schema.setdefault("maxItems", MOST_ITEMS)

    for part in schema.get("properties", {}).values():
        _bound(part)

    for word in ("anyOf", "oneOf", "allOf", "prefixItems"):
        for part in schema.get(word, ()):
            _bound(part)

    if isinstance(schema.get("items"), dict):
        _bound(schema["items"])


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON number")


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return (
            value.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\x00", "")
        )

    if isinstance(value, list):
        return [_whole(part) for part in value]
    if isinstance(value, dict):
        return {_whole(name): _whole(part) for name, part in value.items()}

    return value


def _label(name: str) -> str:
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
        return ", ".join(
            f"{_label(name)}: {_one_line(part)}"
            for name, part in value.items()
            if part not in (None, "")
        )

    if isinstance(value, list):
        return ", ".join(_one_line(part) for part in value)
    return "none" if value is None else str(value)
