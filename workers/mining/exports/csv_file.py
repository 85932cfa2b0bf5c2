"""A CSV file with a heading line: text, user, and if known at and channel."""

from __future__ import annotations

import csv
from pathlib import Path

from router.errors import SettingsError
from workers.mining.exports import Export, rows_of

LONGEST_FIELD = 1_000_000


def knows(path: Path) -> bool:
    """Whether it looks like one."""
    return path.is_file() and path.suffix.lower() in (".csv", ".tsv")


def read(path: Path) -> Export:
    """Its rows. Commas, semicolons and tabs are told apart by the heading line."""
    csv.field_size_limit(LONGEST_FIELD)
    try:
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            heading = file.readline()
            file.seek(0)
            delimiter = max(",;\t", key=heading.count)
            rows, skipped = rows_of(csv.DictReader(file, delimiter=delimiter), repr(str(path)))
    except csv.Error as error:
        raise SettingsError(
            f"reading {str(path)!r}: {error}; expected CSV in UTF-8 with a heading line"
        ) from error

    return Export(tuple(rows), frozenset(), skipped, "CSV")
