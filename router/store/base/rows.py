"""Helpers for writing rows: a dataclass as a row, and long lists in batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

MAX_VALUES = 500
"""Values in one statement. SQLite's limit is in the thousands; small batches also keep a write lock
short."""

Value = TypeVar("Value")


def as_row(value: DataclassInstance) -> dict[str, object]:
    """Returns the fields of a dataclass by name, as they are: its columns have the same names."""
    return {field.name: getattr(value, field.name) for field in fields(value)}


def batches(values: Sequence[Value], size: int = MAX_VALUES) -> Iterator[Sequence[Value]]:
    """Yields the values in order, at most `size` at a time."""
    for start in range(0, len(values), size):
        yield values[start : start + size]
