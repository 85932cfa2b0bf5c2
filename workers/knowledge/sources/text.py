"""Reads plain text: one page without headings, titled by its first line."""

from __future__ import annotations

from workers.knowledge.sources import Parsed, Section, SourceError, clean

SUFFIXES = (".txt", ".text", ".log", ".rst")


def read(data: bytes, name: str) -> Parsed:
    """Returns the page. Raises SourceError when the bytes are not text."""
    text = clean(decode(data, name))
    first = text.split("\n", 1)[0].strip()
    title = first if 0 < len(first) <= 80 else name

    return Parsed(title, [Section((), "", text)] if text else [])


def decode(data: bytes, name: str) -> str:
    """Returns bytes as text: UTF-8, or UTF-16 with its byte order mark.

    Raises SourceError for anything else.
    """
    try:
        text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceError(
            f"reading {name!r}: byte {error.start} is no UTF-8; save it as UTF-8, "
            "or give it its right suffix"
        ) from error

    # Binary data may be valid UTF-8 by chance, but text has no zero bytes.
    if "\x00" in text[:8192]:
        raise SourceError(
            f"reading {name!r}: it holds zero bytes, so it is no text; give it its right suffix"
        )

    return text
