"""Tightens a route's output schema.

A text field that only ever takes a few values becomes an enum.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

MAX_ENUM_VALUES = 12
MIN_MEAN_COUNT = 5
"""How often each value must have been seen, on average."""


def tighten_schema(
    output: Mapping[str, Any] | None, answers: Sequence[Any]
) -> dict[str, Any] | None:
    """Returns the schema with an enum for every text field that has few values.

    None if none has.
    """
    if output is None:
        return None

    properties = dict(output.get("properties", {}))
    changed = False

    for name, schema in properties.items():
        if not _is_open_text(schema):
            continue

        values = []
        for answer in answers:
            if isinstance(answer, Mapping) and name in answer:
                values.append(answer[name])

        distinct = set(map(str, values))
        # A value that was seen once or twice says nothing of what else may come.
        seen_often = len(values) >= MIN_MEAN_COUNT * len(distinct)
        if distinct and len(distinct) <= MAX_ENUM_VALUES and seen_often:
            properties[name] = {**schema, "enum": sorted(distinct)}
            changed = True

    return {**output, "properties": properties} if changed else None


def _is_open_text(schema: Any) -> bool:
    is_text = isinstance(schema, Mapping) and schema.get("type") == "string"
    return is_text and "enum" not in schema
