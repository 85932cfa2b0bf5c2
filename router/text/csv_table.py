"""CSV that a spreadsheet shows and never runs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "|", "%")
"""A cell that begins so is a formula, or becomes one once it is split; the wide forms too."""


def csv_table(head: Sequence[str], rows: Iterable[Sequence[object]], line_end: str = "\r\n") -> str:
    """Returns the table. Numbers stay numbers; a text that a spreadsheet would run gets a `'`."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator=line_end)
    writer.writerow(map(inert_cell, head))
    for row in rows:
        writer.writerow(map(inert_cell, row))

    return out.getvalue()


def inert_cell(value: object) -> object:
    """Returns the cell; a text that would be run as a formula is marked as text."""
    if not isinstance(value, str):
        return value

    # Spreadsheets skip what is not seen before they look for the sign of a formula.
    first = value.lstrip(" \u00a0\ufeff\u200b\x00")[:1]
    return f"'{value}" if first and first in FORMULA_STARTS else value
