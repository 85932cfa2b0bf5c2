"""Text that a database takes: no NUL, and no half of a surrogate pair."""

from __future__ import annotations


def is_storable(text: str) -> bool:
    """Returns whether every database takes the text as it is."""
    return storable(text) == text


def storable(text: str) -> str:
    """Returns the text without NUL, and with a question mark for each lone surrogate.

    PostgreSQL refuses NUL, and a lone surrogate has no UTF-8 form: a row with one would fail each
    time it is written.
    """
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
