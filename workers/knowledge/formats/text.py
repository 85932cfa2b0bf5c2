"""Reads plain text: paragraphs as people see them, titled by the first line."""

from __future__ import annotations

from workers.knowledge.formats import Parsed, Section, clean_code
from workers.knowledge.formats._encoding import decode
from workers.knowledge.formats._paragraphs import join_wrapped_lines

SUFFIXES = (".txt", ".text", ".log")
MAX_TITLE_CHARS = 80


def read(data: bytes, name: str, charset: str = "") -> Parsed:
    """Returns the page. Raises SourceError when the bytes are not text."""
    text = clean_code(decode(data, name, charset))
    # A line of a log is an entry of its own.
    if not name.casefold().endswith(".log"):
        text = join_wrapped_lines(text)

    text = text.strip()
    first = text.split("\n", 1)[0].strip()
    title = first if 0 < len(first) <= MAX_TITLE_CHARS else name
    return Parsed(title, [Section((), "", text)] if text else [])
