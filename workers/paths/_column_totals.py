"""Adds up a column of an attached table, or works out its average: computed here, by no model.

Only whole columns are worked out. A question about some of the rows, or one that fits two columns,
gets no figure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from router.text.scripts import words_of
from router.text.terms import STOP_WORDS, stem
from workers import texts
from workers.context import Work
from workers.paths._amounts import money_text
from workers.paths._number_columns import NumberColumn, NumberTable, number_table
from workers.paths._sums import has_no_figure
from workers.prompting.file_notes import shown_name
from workers.prompting.own_words import TIME_WORDS

SUFFIXES = (".csv", ".tsv")
MAX_WORDS = 40
"""A longer message says more than which column is meant."""
MAX_NAMED = 8
"""Columns that a question back names."""
_TOTAL = re.compile(
    r"\b(?:totals?|totall?ed|sums?|add(?:s|ed)? (?:up|together)|add (?:these|all|them|it|this)|"
    r"altogether|in all|overall|how much (?:is|are|was|were|did|do|does|have|has))\b",
    re.IGNORECASE,
)
_AVERAGE = re.compile(r"\b(?:averages?|mean)\b", re.IGNORECASE)
_SOME_ROWS = re.compile(
    r"\b(?:per|each|every|without|except|only|just|over|under|above|below|before|after|since|until|"
    r"between|than|first|last|top|where|group(?:ed)?|by|exclud\w+|march|may|q[1-4]|percent\w*|vat|"
    r"tax|minus|plus|times|difference|compare\w*|this (?:week|month|year|quarter))\b|%",
    re.IGNORECASE,
)
"""Words of a question about some of the rows, or about more than a total."""


def column_total(work: Work) -> str | None:
    """Returns the total or the average of the column that is meant, or asks which one is.

    None where the request asks for something else, or where no column is clear.
    """
    request = work.request.text
    files = [file for file in work.attachments.texts if file.name.lower().endswith(SUFFIXES)]
    if not files or len(request.split()) > MAX_WORDS:
        return None

    asked = _wanted_result(request)
    earlier = [turn["content"] for turn in work.history if turn["role"] == "user"]
    is_follow_up = asked is None
    if is_follow_up and earlier:
        # "The amount, please" answers the question which column is meant.
        asked = _wanted_result(earlier[-1])
    if asked is None or _SOME_ROWS.search(request) or not has_no_figure(request):
        return None

    lines = []
    for file in files:
        table = number_table(file.whole or file.text, file.name)
        if table is None or (is_follow_up and not _columns_named_in(table.columns, request)):
            return None

        line = _line(table, request, asked, shown_name(file.name))
        if line is None:
            return None

        lines.append(line)
        work.whole_files.add(file.name)

    return "\n".join(lines)


def _wanted_result(text: str) -> str | None:
    """Returns which text of `texts.COLUMN_RESULTS` answers the question; None for another one."""
    if _AVERAGE.search(text):
        return "average"

    return "total" if _TOTAL.search(text) else None


def _line(table: NumberTable, request: str, asked: str, file: str) -> str | None:
    named = _columns_named_in(table.columns, request)
    chosen = named or [column for column in table.columns if not column.is_label]
    if not chosen or _names_rows(table, request):
        return None
    if len(chosen) > 1:
        names = ", ".join(f"“{shown_name(column.name)}”" for column in chosen[:MAX_NAMED])
        return texts.COLUMN_WHICH.format(file=file, names=names)

    column = chosen[0]
    total = sum(column.numbers, Decimal(0))
    if asked == "average":
        value = money_text(str(total / len(column.numbers)))
    else:
        value = f"{total:.{column.decimals}f}"

    result = texts.COLUMN_RESULTS[asked].format(
        count=f"{len(column.numbers):,}",
        column=shown_name(column.name),
        file=file,
        value=f"{value} {column.unit}".strip(),
    )
    if column.left_out:
        result += " " + texts.COLUMN_WITHOUT_ROW.format(row=shown_name(column.left_out))

    return result


def _columns_named_in(columns: Sequence[NumberColumn], request: str) -> list[NumberColumn]:
    """Returns the columns of whose heads the request has the most words; none where it has none."""
    asked = {stem(word) for word in words_of(request)} - set(map(stem, STOP_WORDS))
    hits = [len(asked & {stem(word) for word in words_of(column.name)}) for column in columns]
    most = max(hits, default=0)
    return [column for column, count in zip(columns, hits, strict=True) if most and count == most]


def _names_rows(table: NumberTable, request: str) -> bool:
    """Returns whether the request has a word of the other cells, or a time: it means some rows."""
    heads = {stem(word) for column in table.columns for word in words_of(column.name)}
    words = [word for word in words_of(request) if word not in STOP_WORDS]
    return any(
        word in TIME_WORDS or (word in table.words and stem(word) not in heads) for word in words
    )
