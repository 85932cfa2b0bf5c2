"""Reads JSON lines: one object a line with text, user, and optionally time and channel."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from workers.mining.exports import Export, rows_from_records


def knows(path: Path) -> bool:
    """Returns whether the file's name is that of a JSON file."""
    return path.is_file() and path.suffix.lower() in (".jsonl", ".ndjson", ".json")


def read(path: Path) -> Export:
    """Reads the file; a line that is not an object is counted as skipped."""
    not_objects = 0

    def records() -> Iterator[Mapping[str, object]]:
        nonlocal not_objects
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            for line in file:
                if not line.strip():
                    continue

                record = _parse(line)
                if isinstance(record, dict):
                    yield record
                else:
                    not_objects += 1

    rows, skipped = rows_from_records(records(), repr(str(path)))
    return Export(tuple(rows), frozenset(), skipped + not_objects, "JSON lines")


def _parse(line: str) -> object:
    """Returns the JSON value of the line; None for a line that is not JSON."""
    try:
        value: object = json.loads(line)
    except ValueError:
        return None

    return value
