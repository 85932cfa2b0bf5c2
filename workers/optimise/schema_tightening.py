"""Tightens the shape of a route's answers: a text field that only ever takes a few values becomes a closed list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

CLOSED = 12
"""At most so many different values make a text field a closed list."""
OFTEN = 5
"""How often each of them was seen on the average."""


def tighter(output: Mapping[str, Any] | None, answers: Sequence[Any]) -> dict[str, Any] | None:
    """The schema with a closed list for every text field that has few values, each seen often; None if none has."""
    if output is None:
        return None

    parts = dict(output.get("properties", {}))
    changed = False

    for name, part in parts.items():
        values = [
            answer[name] for answer in answers if isinstance(answer, Mapping) and name in answer
        ]
        kinds = set(map(str, values))

        plain = isinstance(part, Mapping) and part.get("type") == "string" and "enum" not in part
        if plain and kinds and len(kinds) <= CLOSED and len(values) >= OFTEN * len(kinds):
            parts[name] = {**part, "enum": sorted(kinds)}
            changed = True

    return {**output, "properties": parts} if changed else None
