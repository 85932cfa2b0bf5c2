"""Cuts people's sentences out of what admins see: examples, labels and definitions, nothing else.

Figures, reasons and states are never touched, so no message can change evidence: only the strings
at the paths of `registry.WORD_COLUMNS` can.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Connection, select, update

from router.store.base.tables import candidate, verdict
from router.store.privacy.registry import JsonPath, WordColumn, columns, rows_of_team
from router.store.privacy.sentences import Sentences
from router.store.weekly.candidate_tables import candidate_edge
from router.store.weekly.evidence_hash import evidence_hash, full_hash

NAMING_KEY = "named"
"""In a candidate's evidence: the words of the examples that a model saw, by how often."""


def cut_quotations(connection: Connection, sentences: Sentences, team: str) -> int:
    """Cuts the sentences out of the workspace's quotations; returns how many rows had some."""
    if not len(sentences):
        return 0

    changed = 0
    for entry in columns("quote"):
        where = rows_of_team(entry.table, team)
        changed += _change(connection, entry, entry.paths, where, sentences.cut_from)

    return changed


def blank_samples(connection: Connection, entries: Sequence[WordColumn], before: float) -> int:
    """Blanks what quotes messages in rows older than `before` (unix seconds); returns how many."""
    changed = 0
    for entry in entries:
        assert entry.age is not None
        where = entry.age < before
        changed += _change(connection, entry, entry.samples, where, lambda _text, _at: "")

    return changed


def change_strings(value: Any, paths: Sequence[JsonPath], change: Callable[[str], str]) -> Any:
    """Returns a JSON value with `change` applied to the strings at the paths."""
    for path in paths:
        value = _change_path(value, path, change)

    return value


def _change_path(value: Any, path: JsonPath, change: Callable[[str], str]) -> Any:
    if not path:
        return change(value) if isinstance(value, str) else value

    key, rest = path[0], path[1:]
    if key == "*" and isinstance(value, list):
        return [_change_path(item, rest, change) for item in value]
    if key == "*" and isinstance(value, Mapping):
        return {name: _change_path(item, rest, change) for name, item in value.items()}
    if isinstance(value, Mapping) and key in value:
        return {**value, key: _change_path(value[key], rest, change)}

    return value


def _change(
    connection: Connection,
    entry: WordColumn,
    paths: Sequence[JsonPath],
    where: ColumnElement[bool],
    change: Callable[[str, float], str],
) -> int:
    """Changes the strings at the paths in every row; `change` is given each one and its time."""
    assert entry.age is not None
    keys = list(entry.table.primary_key.columns)
    changed = []

    # The rows are read to the end before any is written: SQLite may visit an updated row again.
    query = select(*keys, entry.column.label("value"), entry.age.label("age")).where(where)
    for row in connection.execute(query).mappings():
        old = row["value"]
        new = change_strings(old, paths, partial(_with_time, change, float(row["age"])))
        if new != old:
            changed.append(([key == row[key.name] for key in keys], old, new))

    for same_row, old, new in changed:
        if entry.column is candidate.c.evidence:
            new = _without_naming(new)
            keep_hashes_true(connection, same_row, old, new)

        statement = update(entry.table).where(*same_row)
        connection.execute(statement.values({entry.column.name: new}))

    return len(changed)


def _with_time(change: Callable[[str, float], str], at: float, text: str) -> str:
    return change(text, at)


def _without_naming(evidence: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the evidence without the words that a model named the candidate from."""
    naming = evidence.get(NAMING_KEY)
    if not isinstance(naming, Mapping):
        return dict(evidence)

    return {**evidence, NAMING_KEY: {**naming, "examples": {}}}


def keep_hashes_true(
    connection: Connection,
    same_row: Sequence[ColumnElement[bool]],
    old: Mapping[str, Any],
    new: Mapping[str, Any],
) -> None:
    """Renews the hashes of an older release, which were made over the quotations, too."""
    key: str = connection.execute(select(candidate.c.id).where(*same_row)).scalar_one()
    edges = select(candidate_edge).where(candidate_edge.c.candidate == key)

    for edge in connection.execute(edges).all():
        if edge.evidence_hash != full_hash(old, edge.evidence):
            continue

        renewed = evidence_hash(new, edge.evidence)
        for table in (candidate_edge, verdict):
            same_hash = (table.c.candidate == key, table.c.evidence_hash == edge.evidence_hash)
            connection.execute(update(table).where(*same_hash).values(evidence_hash=renewed))
