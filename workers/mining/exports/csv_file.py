"""Reads a CSV file with a header line: text, user, and optionally time and channel."""

from __future__ import annotations

import csv
from pathlib import Path

from router.errors import InputError
from workers.mining.exports import Export, rows_from_records

MAX_FIELD_CHARACTERS = 1_000_000


def knows(path: Path) -> bool:
    """Returns whether the file's name is that of a CSV file."""
    return path.is_file() and path.suffix.lower() in (".csv", ".tsv")


def read(path: Path) -> Export:
    """Reads the file; the header line tells commas, semicolons and tabs apart."""
    csv.field_size_limit(MAX_FIELD_CHARACTERS)
    try:
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            header = file.readline()
            file.seek(0)
            # The one that occurs most often in it.
            delimiter = max(",;\t", key=header.count)
            records = csv.DictReader(file, delimiter=delimiter)
            rows, skipped = rows_from_records(records, repr(str(path)))
    except csv.Error as error:
        raise InputError(
            f"reading {str(path)!r}: {error}; expected CSV in UTF-8 with a heading line"
        ) from error

    return Export(tuple(rows), frozenset(), skipped, "CSV")
