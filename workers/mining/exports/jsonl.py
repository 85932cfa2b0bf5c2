"""JSON lines: one object with text, user, and if known at and channel, on each line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from workers.mining.exports import Export, rows_of


def knows(path: Path) -> bool:
    """Whether it looks like one."""
    return path.is_file() and path.suffix.lower() in (".jsonl", ".ndjson", ".json")


def read(path: Path) -> Export:
    """Its rows; a line that is not an object is counted and left out."""
    broken = 0

    def records() -> Iterator[Mapping[str, object]]:
        nonlocal broken
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            for line in file:
                if not line.strip():
                    continue

                try:
                    found = json.loads(line)
                except ValueError:
                    found = None

                if isinstance(found, dict):
                    yield found
                else:
                    broken += 1

    rows, skipped = rows_of(records(), repr(str(path)))
    return Export(tuple(rows), frozenset(), skipped + broken, "JSON lines")
