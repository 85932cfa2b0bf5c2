"""Helpers for writing rows: a dataclass as a row, long lists in batches, and deleting some rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Select, Table, bindparam, delete, literal

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

MAX_VALUES = 500
"""Values in one statement. SQLite's limit is in the thousands; small batches also keep a write lock
short."""

Value = TypeVar("Value")


def as_row(value: DataclassInstance) -> dict[str, object]:
    """Returns the fields of a dataclass by name, as they are: its columns have the same names."""
    return {field.name: getattr(value, field.name) for field in fields(value)}


def literals(table: Table, values: Mapping[str, object]) -> list[ColumnElement[Any]]:
    """Returns the values as columns of a SELECT, each of its column's type.

    An INSERT from such a SELECT writes a row only where the SELECT finds what it depends on.
    """
    return [literal(value, table.c[name].type).label(name) for name, value in values.items()]


def batches(values: Sequence[Value]) -> Iterator[Sequence[Value]]:
    """Yields the values in order, as many at a time as one statement takes."""
    for start in range(0, len(values), MAX_VALUES):
        yield values[start : start + MAX_VALUES]


def delete_selected(connection: Connection, table: Table, keys: Select[Any]) -> int:
    """Deletes the rows whose primary key the query selects; returns how many.

    The keys are read first and each row is then found by its own: a subquery in the deletion would
    let the database choose to read the whole table beside it.
    """
    columns = table.primary_key.columns
    selected = connection.execute(keys).all()
    if selected:
        names = [f"key_{column.name}" for column in columns]
        same = [column == bindparam(name) for column, name in zip(columns, names, strict=True)]
        rows = [dict(zip(names, row, strict=True)) for row in selected]
        connection.execute(delete(table).where(*same), rows)

    return len(selected)
