"""Reads a CSV file with a header line: text, user, and optionally time and channel."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from router.errors import InputError
from workers.mining.exports import Export
from workers.mining.exports.records import rows_from_records

MAX_FIELD_CHARACTERS = 1_000_000
UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
SEPARATOR_LINE = "sep="
"""A first line by which Excel is told the separator."""
OLD_ENCODING = "it is not UTF-8 and was read as Windows-1252"


def knows(path: Path) -> bool:
    """Returns whether the file's name is that of a CSV file."""
    return path.is_file() and path.suffix.lower() in (".csv", ".tsv")


def read(path: Path) -> Export:
    """Reads the file; the header line tells commas, semicolons and tabs apart."""
    csv.field_size_limit(MAX_FIELD_CHARACTERS)
    text, notes = _decode(path.read_bytes())
    first, _, rest = text.partition("\n")
    delimiter = ""
    if first.lower().startswith(SEPARATOR_LINE):
        delimiter = first[len(SEPARATOR_LINE) :].strip("\r\n")[:1]
        text = rest

    # The one that occurs most often in the header.
    header = text[: text.find("\n")] if "\n" in text else text.partition("\r")[0]
    delimiter = delimiter or max(",;\t", key=header.count)

    try:
        with io.StringIO(text, newline="") as file:
            found = rows_from_records(csv.DictReader(file, delimiter=delimiter), repr(str(path)))
    except csv.Error as error:
        raise InputError(
            f"reading {str(path)!r}: {error}; expected CSV in UTF-8 with a heading line"
        ) from error

    return Export(found.rows, frozenset(), found.skipped, "CSV", notes=(*notes, *found.notes))


def _decode(raw: bytes) -> tuple[str, tuple[str, ...]]:
    """Returns the text, and a note where its encoding had to be guessed."""
    if raw.startswith(UTF_16_MARKS):
        return raw.decode("utf-16", "replace"), ()

    try:
        return raw.decode("utf-8-sig"), ()
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace"), (OLD_ENCODING,)
