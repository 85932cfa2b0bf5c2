"""Unicode's normal forms, in linear time and of bounded length."""

from __future__ import annotations

import unicodedata
from collections import Counter

MAX_MARKS = 30
"""Combining marks that follow one letter; no script needs more (Unicode Standard Annex 15, "Stream-
Safe Text Format"). Sorting them takes Unicode's algorithm quadratic time."""
LONG_TEXT = 4_000
"""Characters from which it matters that one can become eighteen."""


def nfkc(text: str, max_chars: int) -> str:
    """Returns at most `max_chars` characters of the NFKC form of the text.

    The text is cut before and after: one character can become eighteen. Of more than `MAX_MARKS`
    combining marks in a row the rest is left out, and so is the end of a long text that would
    become more than `max_chars`.
    """
    text = _limit_marks(text[:max_chars])
    if len(text) > LONG_TEXT and not text.isascii():
        text = text[: _kept_chars(text, max_chars)]

    return unicodedata.normalize("NFKC", text)[:max_chars]


def _kept_chars(text: str, max_chars: int) -> int:
    """Returns how many of the text's characters are about `max_chars` in its NFKC form."""
    longer = sum(
        len(unicodedata.normalize("NFKC", character)) * count
        for character, count in Counter(text).items()
    )
    return len(text) if longer <= max_chars else len(text) * max_chars // longer


def nfc(text: str) -> str:
    """Returns the composed form (NFC) of the text, with at most `MAX_MARKS` marks in a row."""
    return unicodedata.normalize("NFC", _limit_marks(text))


def _limit_marks(text: str) -> str:
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
