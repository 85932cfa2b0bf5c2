"""Reads tables of comma, semicolon or tab separated values."""

from __future__ import annotations

import csv
from pathlib import PurePosixPath

from workers.knowledge.formats import Parsed, Section, SourceError, clean
from workers.knowledge.formats._encoding import decode
from workers.knowledge.formats._tables import table_texts

SUFFIXES = (".csv", ".tsv")
SAMPLE_CHARS = 4_000
"""Characters from which the delimiter is told; the library's search takes quadratic time."""
MAX_CELL_CHARS = 1_000_000


def read(data: bytes, name: str, charset: str = "") -> Parsed:
    """Returns the table. Raises SourceError when it is no text, or breaks the rules of quotes."""
    text = decode(data, name, charset)
    delimiter, text = split_delimiter(text, name)
    csv.field_size_limit(MAX_CELL_CHARS)

    try:
        rows = [
            [clean(cell).replace("\n", " ") for cell in row]
            for row in csv.reader(text.splitlines(keepends=True), delimiter=delimiter)
        ]
    except csv.Error as error:
        raise SourceError(f"reading {name!r}: {error}; export the table again") from error

    return Parsed(name, [Section((), "", part) for part in table_texts(rows)])


def split_delimiter(text: str, name: str) -> tuple[str, str]:
    """Returns what separates the columns, and the text without Excel's line that says so."""
    first, _, rest = text.partition("\n")
    if first.casefold().startswith("sep=") and len(first.strip()) == 5:
        return first.strip()[-1], rest
    if PurePosixPath(name).suffix.casefold() == ".tsv":
        return "\t", text

    try:
        return csv.Sniffer().sniff(text[:SAMPLE_CHARS], delimiters=",;\t|").delimiter, text
    except csv.Error:
        return max(",;\t", key=first.count), text
