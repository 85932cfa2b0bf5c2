"""Tables of data as text: a line for each row, with the heads of the columns first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

MAX_ROWS = 20_000
ROWS_PER_SECTION = 40
"""Rows under one copy of the heads, so that every passage of a long table names its columns."""


def table_texts(rows: Iterable[Sequence[str]]) -> list[str]:
    """Returns the rows as texts of some rows each, every one with the first row as its heads.

    Empty rows are left out; what is empty at the end of each row, too.
    """
    lines = []
    for row in rows:
        cells = [" ".join(cell.split()).replace(" | ", " / ") for cell in row]
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            lines.append(" | ".join(cells).strip())

        if len(lines) >= MAX_ROWS:
            break

    if len(lines) <= ROWS_PER_SECTION:
        return ["\n".join(lines)] if lines else []

    heads, body = lines[0], lines[1:]
    texts = []
    for start in range(0, len(body), ROWS_PER_SECTION):
        texts.append("\n".join([heads, *body[start : start + ROWS_PER_SECTION]]))

    return texts
