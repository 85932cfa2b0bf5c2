"""Tables of a page: one line for each row, its cells between bars."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from selectolax.lexbor import LexborNode

MAX_SPAN = 50
"""Rows that one cell may reach over; a larger number is a mistake, or an attack."""
SECTIONS = frozenset({"thead", "tbody", "tfoot"})


def is_data_table(table: LexborNode) -> bool:
    """Returns whether a table is one, and not how an old page arranges its parts."""
    if table.attributes.get("role") in ("presentation", "none"):
        return False
    if table.css_first("table table, table h1, table h2, table h3, table pre") is not None:
        return False

    return any(len(list(_cells(row))) > 1 for row in _rows(table))


def table_rows(table: LexborNode, text: Callable[[LexborNode], str]) -> Iterator[str]:
    """Yields the caption, then each row with its cells between bars; `text` reads a cell.

    A cell that reaches over several rows is repeated in each, so that every row says all.
    """
    for caption in table.css("caption"):
        yield text(caption)

    # By column: the rows that a cell still reaches over, and its text.
    spans: dict[int, tuple[int, str]] = {}
    for row in _rows(table):
        words: list[str] = []
        for cell in _cells(row):
            _fill(words, spans)
            content = text(cell).replace(" | ", " / ")
            rows = min(MAX_SPAN, _span(cell, "rowspan"))
            if rows > 1:
                spans[len(words)] = (rows - 1, content)

            words.append(content)
            # An empty cell keeps the columns after it in their place.
            words.extend([""] * (min(MAX_SPAN, _span(cell, "colspan")) - 1))

        _fill(words, spans)
        if any(words):
            yield " | ".join(words).strip()


def _fill(words: list[str], spans: dict[int, tuple[int, str]]) -> None:
    """Adds the cells that reach down into this row at the current column."""
    while len(words) in spans:
        column = len(words)
        rows, content = spans.pop(column)
        if rows > 1:
            spans[column] = (rows - 1, content)

        words.append(content)


def _rows(table: LexborNode) -> Iterator[LexborNode]:
    for part in _elements(table):
        if part.tag == "tr":
            yield part
        elif part.tag in SECTIONS:
            for row in _elements(part):
                if row.tag == "tr":
                    yield row


def _cells(row: LexborNode) -> Iterator[LexborNode]:
    for cell in _elements(row):
        if cell.tag in ("td", "th"):
            yield cell


def _elements(node: LexborNode) -> Iterator[LexborNode]:
    child = node.child
    while child is not None:
        if child.is_element_node:
            yield child
        child = child.next


def _span(cell: LexborNode, name: str) -> int:
    value = cell.attributes.get(name) or "1"
    return int(value) if value.isascii() and value.isdigit() and len(value) < 5 else 1
