"""Unicode's compatibility form (NFKC), in linear time and of bounded length."""

from __future__ import annotations

import unicodedata

MAX_MARKS = 30
"""Combining marks that follow one letter; no script needs more (Unicode Standard Annex 15, "Stream-
Safe Text Format"). Sorting them takes Unicode's algorithm quadratic time."""


def nfkc(text: str, max_chars: int) -> str:
    """Returns at most `max_chars` characters of the NFKC form of the text.

    The text is cut before and after: one character can become eighteen. Of more than `MAX_MARKS`
    combining marks in a row the rest is left out.
    """
    return unicodedata.normalize("NFKC", limit_marks(text[:max_chars]))[:max_chars]


def limit_marks(text: str) -> str:
    """Returns the text with at most `MAX_MARKS` combining marks in a row."""
    if text.isascii():
        return text

    kept: list[str] = []
    marks = 0

    for character in text:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= MAX_MARKS:
            kept.append(character)

    return "".join(kept)
