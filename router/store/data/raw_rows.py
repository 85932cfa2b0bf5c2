"""Reads and writes the rows of any table exactly as they are, on either kind of database."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import JSON, Column, Connection, Select, Table, Text, bindparam, cast, func, select
from sqlalchemy.sql.dml import Insert

ROWS_AT_ONCE = 500
HASH_BYTES = 8


@dataclass(frozen=True, slots=True)
class TableState:
    """How many rows a table has, and a checksum of them that does not depend on their order."""

    rows: int
    checksum: int


def read_rows(
    connection: Connection, table: Table, skipped: int = 0
) -> Iterator[Sequence[Mapping[str, Any]]]:
    """Yields the table's rows in the order of their keys, some at a time, without the first ones.

    JSON is its text, so that a missing value stays different from a JSON `null`.
    """
    query = _select_raw(table).order_by(*table.primary_key.columns).offset(skipped)
    result = connection.execute(query, execution_options={"yield_per": ROWS_AT_ONCE})
    for rows in result.mappings().partitions():
        yield [dict(row) for row in rows]


def insert_raw(connection: Connection, table: Table) -> Insert:
    """Returns the statement that inserts a row of `read_rows`."""
    values: dict[str, Any] = {}
    for column in table.columns:
        values[column.name] = bindparam(_parameter(column), type_=column.type)
        if isinstance(column.type, JSON):
            raw = bindparam(_parameter(column), type_=Text)
            # SQLite's type of that name would turn the text into a number.
            is_typed = connection.dialect.name == "postgresql"
            values[column.name] = cast(raw, JSON) if is_typed else raw

    return table.insert().values(values)


def parameters(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Returns the rows as parameters of `insert_raw`."""
    return [{f"raw_{name}": value for name, value in row.items()} for row in rows]


def table_state(connection: Connection, table: Table) -> TableState:
    """Reads the whole table."""
    count = checksum = 0
    for rows in read_rows(connection, table):
        count += len(rows)
        checksum += sum(map(_row_hash, rows))

    return TableState(count, checksum % (1 << (8 * HASH_BYTES)))


def count_rows(connection: Connection, table: Table) -> int:
    """Returns how many rows the table has."""
    count: int = connection.execute(select(func.count()).select_from(table)).scalar_one()
    return count


def _select_raw(table: Table) -> Select[Any]:
    columns = []
    for column in table.columns:
        is_json = isinstance(column.type, JSON)
        columns.append(cast(column, Text).label(column.name) if is_json else column)

    return select(*columns)


def _parameter(column: Column[Any]) -> str:
    return f"raw_{column.name}"


def _row_hash(row: Mapping[str, Any]) -> int:
    values = []
    for value in row.values():
        # PostgreSQL's text cannot hold NUL, so it is left out there (`engine.py`).
        values.append(value.replace("\x00", "") if isinstance(value, str) else value)

    digest = hashlib.blake2b(repr(values).encode(), digest_size=HASH_BYTES).digest()
    return int.from_bytes(digest, "big")
