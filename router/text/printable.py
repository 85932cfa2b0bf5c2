"""Text as it is shown: nothing moves a terminal's cursor, counts agree, what is cut says so.

A message, a file's name or a model's answer can hold escape sequences that rewrite what is on the
screen, set the window's title or paste into the clipboard.
"""

from __future__ import annotations

import re
import sys
from typing import TextIO

from router.secret_values import hide_secrets

_UNSAFE = re.compile(
    # C0 without tab and line feed, DEL, C1
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"
    # marks, overrides and isolates of writing direction; characters without width; line separators
    "\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    # annotations, surrogates, tags
    "\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)
MARK = "…"
KEPT_SHARE = 0.4
"""Share of the characters that has to stay: a single long word is cut inside."""


def printable(text: str) -> str:
    """Returns the text with each unsafe character as its Python escape, and no known secret."""
    return _UNSAFE.sub(lambda match: ascii(match[0])[1:-1], hide_secrets(text))


def print_line(text: str = "", *, file: TextIO | None = None, flush: bool = False) -> None:
    """Prints the printable form of `text` on standard output, or on `file`."""
    print(printable(text), file=file or sys.stdout, flush=flush)


def counted(count: int, noun: str, plural: str = "") -> str:
    """Returns the count with its noun: "1 row", "2 rows", "1,200 people".

    `plural` is for nouns that take more than an s. A verb may follow the noun, as in
    `row is` and `rows are`.
    """
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {plural or f'{noun}s'}"


def shorten(text: str, limit: int) -> str:
    """Returns the text in at most `limit` characters, cut behind a word where there is one."""
    if len(text) <= limit:
        return text

    kept = text[: max(0, limit - len(MARK))]
    if not text[len(kept)].isspace():
        # The last word is cut in two, so it goes, unless too little would be left.
        words = kept.rsplit(None, 1)
        if len(words) == 2 and len(words[0]) >= KEPT_SHARE * limit:
            kept = words[0]

    return kept.rstrip(" \t\n,;:–-") + MARK
