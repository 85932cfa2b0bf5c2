"""Counts with their nouns, for the lines of a terminal."""

from __future__ import annotations


def counted(count: int, noun: str, plural: str = "") -> str:
    """Returns the count with its noun: "1 row", "2 rows", "1,200 people".

    `plural` is for nouns that take more than an s. A verb may follow the noun, as in
    `row is` and `rows are`.
    """
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {plural or f'{noun}s'}"
