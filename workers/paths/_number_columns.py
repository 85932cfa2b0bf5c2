"""Reads the columns of numbers of an attached table, as far as they are clear.

A column is clear where each of its cells is a number, or empty, and all are written in one way. In
a column of `1.250` alone nobody can tell thousands from decimals, so it is none.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from router.text.scripts import words_of
from workers.knowledge.formats.comma_separated import MAX_CELL_CHARS, split_delimiter

MAX_CHARS = 2_000_000
"""A longer table is not read."""
MAX_ROWS = 50_000
MAX_COLUMNS = 200
MIN_NUMBERS = 2
NO_VALUE = ("", "-", "–", "—")
_LABEL_WORDS = """
id ids no nr num number code codes zip postcode postal phone telephone fax year month week day date
rank row line index position pos key ref reference account sku ean isbn
"""
LABEL_WORDS = frozenset(_LABEL_WORDS.split())
"""Words of a head whose numbers are names: they add up to nothing."""
_TOTAL_ROW = re.compile(
    r"\W{0,3}(?:(?:grand|sub|overall)[ -]?)?(?:totals?|sums?|summe|gesamt)\W{0,3}", re.IGNORECASE
)
_CELL = re.compile(
    r"(?P<open>\()?(?P<sign>[-−+])? ?(?P<before>€|\$|£|eur|usd|gbp|chf)? ?(?P<minus>[-−])?"
    r"(?P<number>\d{1,15}(?:[.,' \u00a0\u202f]\d{1,12}){0,5}) ?"
    r"(?P<after>€|\$|£|eur|usd|gbp|chf)?(?(open)\))",
    re.IGNORECASE,
)
_POINT_DECIMALS = re.compile(r"(?:0|\d{1,15}|\d{1,3}(?:[, '\u00a0\u202f]\d{3}){1,4})\.\d{1,12}")
_COMMA_DECIMALS = re.compile(r"(?:0|\d{1,15}|\d{1,3}(?:[. '\u00a0\u202f]\d{3}){1,4}),\d{1,12}")
_THOUSANDS = re.compile(r"[1-9]\d{0,2}[.,]\d{3}")
_GROUPS = {
    ".": re.compile(r"\d{1,15}|\d{1,3}(?:[, '\u00a0\u202f]\d{3}){1,4}"),
    ",": re.compile(r"\d{1,15}|\d{1,3}(?:[. '\u00a0\u202f]\d{3}){1,4}"),
}
_NO_DIGIT = re.compile(r"\D")


@dataclass(frozen=True, slots=True)
class NumberColumn:
    """A column with its numbers; `decimals` are the most that one of them has.

    `is_label` says that its numbers are names rather than amounts, and `left_out` names the table's
    own row of totals, which is not among them.
    """

    name: str
    numbers: tuple[Decimal, ...]
    decimals: int
    unit: str
    is_label: bool
    left_out: str


@dataclass(frozen=True, slots=True)
class NumberTable:
    """The clear columns of a table, and the words of all its other cells."""

    columns: tuple[NumberColumn, ...]
    words: frozenset[str]


def number_table(text: str, name: str) -> NumberTable | None:
    """Returns the columns of numbers; None for a text that is no table, or not an even one."""
    if len(text) > MAX_CHARS:
        return None

    delimiter, text = split_delimiter(text, name)
    rows = _table_rows(text, delimiter)
    if len(rows) < MIN_NUMBERS:
        return None

    # A first row without a number has the heads.
    has_heads = not any(_CELL.fullmatch(cell) for cell in rows[0])
    heads = rows[0] if has_heads else [f"{number + 1}" for number in range(len(rows[0]))]
    body = rows[1:] if has_heads else rows
    if len(heads) > MAX_COLUMNS or any(len(row) > len(heads) for row in body):
        # A decimal comma that is read as the end of a cell would make other numbers.
        return None

    left_out = next((cell for cell in body[-1] if cell), "") if body else ""
    if _TOTAL_ROW.fullmatch(left_out):
        body = body[:-1]
    else:
        left_out = ""

    if any(_TOTAL_ROW.fullmatch(next(filter(None, row), "")) for row in body):
        # Totals in between would be counted twice.
        return None

    columns: list[NumberColumn] = []
    words: set[str] = set()
    for number, head in enumerate(heads):
        cells = [row[number] for row in body if number < len(row)]
        column = _column(head or f"{number + 1}", cells, left_out, delimiter)
        if column is not None:
            columns.append(column)
        else:
            words.update(*map(words_of, cells))

    return NumberTable(tuple(columns), frozenset(words))


def _table_rows(table: str, delimiter: str) -> list[list[str]]:
    """Returns the table's rows without empty ones; none where it breaks the rules of quotes."""
    csv.field_size_limit(MAX_CELL_CHARS)
    rows: list[list[str]] = []
    try:
        for row in csv.reader(table.splitlines(keepends=True), delimiter=delimiter):
            cells = [cell.strip() for cell in row]
            while cells and not cells[-1]:
                cells.pop()
            if cells:
                rows.append(cells)
            if len(rows) > MAX_ROWS:
                return []
    except csv.Error:
        return []

    return rows


def _column(name: str, cells: Sequence[str], left_out: str, delimiter: str) -> NumberColumn | None:
    """Returns the column; None where a cell is no number, or the numbers are not clear."""
    found = [_CELL.fullmatch(cell) for cell in cells if cell not in NO_VALUE]
    matches = [match for match in found if match is not None]
    if len(matches) < max(MIN_NUMBERS, len(found)):
        return None

    units = {(match["before"] or match["after"] or "").upper() for match in matches}
    point = _decimal_sign([match["number"] for match in matches], delimiter)
    if len(units - {""}) > 1 or point is None:
        return None

    numbers: list[Decimal] = []
    decimals = 0
    for match in matches:
        whole, _, fraction = match["number"].partition(point)
        if not _GROUPS[point].fullmatch(whole) or _NO_DIGIT.search(fraction):
            return None

        is_negative = bool(match["open"]) or "-" in (match["sign"], match["minus"])
        is_negative = is_negative or "−" in (match["sign"], match["minus"])
        value = Decimal(f"{_NO_DIGIT.sub('', whole)}.{fraction or '0'}")
        numbers.append(-value if is_negative else value)
        decimals = max(decimals, len(fraction))

    is_label = not LABEL_WORDS.isdisjoint(words_of(name)) or _counts_rows(numbers)
    unit = next(iter(units - {""}), "")
    return NumberColumn(name, tuple(numbers), decimals, unit, is_label, left_out)


def _decimal_sign(numbers: Sequence[str], delimiter: str) -> str | None:
    """Returns whether a point or a comma is before the decimals; None where nothing tells."""
    signs = set()
    is_open = False
    for number in numbers:
        if _THOUSANDS.fullmatch(number):
            is_open = True
        elif _POINT_DECIMALS.fullmatch(number):
            signs.add(".")
        elif _COMMA_DECIMALS.fullmatch(number):
            signs.add(",")
        elif number.count(",") > 1:
            signs.add(".")
        elif number.count(".") > 1:
            signs.add(",")

    if len(signs) > 1:
        return None
    if not signs and is_open:
        # Where a comma could have been a decimal sign, something else separates the columns.
        is_grouped = delimiter != ";" and all("." not in number for number in numbers)
        return "." if is_grouped else None

    return next(iter(signs), ".")


def _counts_rows(numbers: Sequence[Decimal]) -> bool:
    """Returns whether the numbers are those of the rows: 1, 2, 3 and so on."""
    first = numbers[0]
    if first not in (0, 1) or len(numbers) <= MIN_NUMBERS:
        return False

    return all(number == first + place for place, number in enumerate(numbers))
