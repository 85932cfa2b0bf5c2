"""Writes people's words as a Markdown quotation, in which none of them is a mark."""

from __future__ import annotations

import re
from collections.abc import Iterable

MARKDOWN_MARKS = re.compile(r"([\\`*_\[\]<>~|])")
LIST_MARK = re.compile(r"\A(?:[-+] |([0-9]{1,3})(?=[.)] ))")
BULLET = "• "


def quoted_lines(lines: Iterable[str]) -> list[str]:
    """Returns the lines that are not empty; each is to stand behind `> `."""
    escaped = [escape_marks(line) for line in lines if line.strip()]
    # The mark of a list item would begin a list inside the quote.
    bullet = BULLET if len(escaped) > 1 else ""
    return [LIST_MARK.sub(lambda mark: _plain_mark(mark, bullet), line) for line in escaped]


def escape_marks(text: str) -> str:
    """Returns the text on one line, without characters that a Markdown renderer takes for marks."""
    return MARKDOWN_MARKS.sub(r"\\\1", " ".join(text.split()))


def _plain_mark(match: re.Match[str], bullet: str) -> str:
    """Returns a list item's number so that it begins no list; `bullet` for a mark without one."""
    return f"{match[1]}\\" if match[1] else bullet
