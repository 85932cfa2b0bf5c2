"""Reads JSON lines, or a list of objects: text, user, and optionally time and channel."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from workers.mining.exports import Export
from workers.mining.exports.records import rows_from_records


def knows(path: Path) -> bool:
    """Returns whether the file's name is that of a JSON file."""
    return path.is_file() and path.suffix.lower() in (".jsonl", ".ndjson", ".json")


def read(path: Path) -> Export:
    """Reads the file; what is not an object is counted as skipped."""
    objects = []
    not_objects = 0
    for record in _records(path):
        if isinstance(record, dict):
            objects.append(record)
        else:
            not_objects += 1

    found = rows_from_records(objects, repr(str(path)))
    notes = list(found.notes)
    if not_objects:
        notes.append(f"{not_objects:,} × a line that is no JSON object")

    return Export(
        found.rows, frozenset(), found.skipped + not_objects, "JSON lines", notes=tuple(notes)
    )


def _records(path: Path) -> Iterator[object]:
    """Yields the file's records: of one list, of `messages` in one object, or one each line."""
    text = path.read_text("utf-8-sig", "replace")
    if path.suffix.lower() == ".json":
        whole = _parse(text)
        messages = whole.get("messages") if isinstance(whole, dict) else whole
        if isinstance(messages, list):
            yield from messages
            return

    for line in text.splitlines():
        if line.strip():
            yield _parse(line)


def _parse(line: str) -> object:
    """Returns the JSON value of the line; None for a line that is not JSON."""
    try:
        value: object = json.loads(line)
    except ValueError:
        return None

    return value
