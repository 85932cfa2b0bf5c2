"""Blanks a person's words where other rows quote them: answers, evidence, digests and reports."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Column, Connection, Table, select, update

from router.store.base.tables import candidate, digest, outcome, report
from router.store.weekly.candidate_tables import candidate_edge
from router.store.weekly.drift_tables import drift

BLANK_ANSWER: Mapping[str, object] = {"text": "", "data": None, "citations": []}
"""What an answer becomes when its words have to go; counts, times and costs stay."""

REPLACEMENT = "(forgotten)"
"""What a string becomes that quoted an erased message."""

MIN_QUOTED_WORDS = 3
"""A shorter message identifies nobody, and others have written the same."""

QUOTING_COLUMNS: tuple[tuple[Table, Column[object]], ...] = (
    (candidate, candidate.c.evidence),
    (candidate_edge, candidate_edge.c.evidence),
    (digest, digest.c.body),
    (report, report.c.body),
    (drift, drift.c.body),
)
"""JSON that admins see and that may quote a message."""


def blank_quoting_answers(connection: Connection, texts: Sequence[str]) -> int:
    """Blanks the answers whose citations quote one of `texts`; returns how many there were."""
    if not texts:
        return 0

    query = select(outcome.c.request, outcome.c.revision, outcome.c.citations)
    quoting = [
        (row.request, row.revision)
        for row in connection.execute(query)
        if _quotes_any(row.citations, texts)
    ]

    for key, revision in quoting:
        same_answer = (outcome.c.request == key, outcome.c.revision == revision)
        connection.execute(update(outcome).where(*same_answer).values(**BLANK_ANSWER))

    return len(quoting)


def blank_quoting_json(connection: Connection, texts: Iterable[str]) -> int:
    """Replaces the strings that quote one of `texts` in `QUOTING_COLUMNS`.

    Returns how many rows held some.
    """
    # Whitespace is normalised on both sides, as a quotation may be wrapped differently.
    quotes = [" ".join(text.split()) for text in texts if len(text.split()) >= MIN_QUOTED_WORDS]
    if not quotes:
        return 0

    return sum(_blank_column(connection, *place, quotes) for place in QUOTING_COLUMNS)


def _quotes_any(citations: Iterable[Mapping[str, str]], texts: Sequence[str]) -> bool:
    for citation in citations:
        quote = citation["quote"]
        # An empty quote is part of every text and says nothing.
        if quote and any(quote in text for text in texts):
            return True

    return False


def _blank_column(
    connection: Connection, table: Table, column: Column[object], quotes: Sequence[str]
) -> int:
    keys = list(table.primary_key.columns)
    changed = []

    # The rows are read to the end before any is written: SQLite may visit an updated row again.
    for row in connection.execute(select(*keys, column)).mappings():
        clean = _without_quotes(row[column.name], quotes)
        if clean != row[column.name]:
            changed.append(([key == row[key.name] for key in keys], clean))

    for same_row, clean in changed:
        connection.execute(update(table).where(*same_row).values({column.name: clean}))

    return len(changed)


def _without_quotes(value: object, quotes: Sequence[str]) -> object:
    """Returns the JSON value with every string replaced that holds a quote.

    Keys stay as they are.
    """
    if isinstance(value, str):
        plain = " ".join(value.split())
        return REPLACEMENT if any(quote in plain for quote in quotes) else value

    if isinstance(value, Mapping):
        return {key: _without_quotes(item, quotes) for key, item in value.items()}

    if isinstance(value, list):
        return [_without_quotes(item, quotes) for item in value]

    return value
