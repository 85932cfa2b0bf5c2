"""Finds the parts of a message that may each be a request of its own."""

from __future__ import annotations

import re
from dataclasses import dataclass

from router.text.order import split_order

MAX_CHARS = 400
"""Longer messages are texts, in which sentences belong together."""
MIN_WORDS = 4
"""Words of a part; with fewer it says too little to be decided alone."""
MIN_FIRST_WORDS = 3
"""Words of the first part: what follows may be a remark ("Calendar is blocked"), it is none."""
MAX_PARTS = 4
MIN_MATERIAL = 3
"""Words of material behind an order."""
_BORDER = re.compile(
    r"[.!?;]\s+|\n+|,?\s\band\s+also\b\s|,?\s\band\s+by the way\b\s|,?\s\bbtw\b\s|,?\s\balso\b\s|"
    r",?\s\bplus\b\s|,?\s\band then\b\s|,?\s\band\b\s",
    re.IGNORECASE,
)
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a message, from `start` to before `end`."""

    start: int
    end: int

    def words_in(self, text: str) -> str:
        """Returns the piece's words."""
        return text[self.start : self.end].strip()


def parts_of(text: str) -> list[Part]:
    """Returns the parts of a short message between sentences and words such as `and also`.

    Empty for a message that has only one, or that is long.
    """
    # Behind an order with a colon or quotation marks is its material, which asks for nothing.
    if len(text) > MAX_CHARS or any(part.is_marked for part in split_order(text, MIN_MATERIAL)):
        return []

    parts, start = [], 0
    for border in _BORDER.finditer(text):
        parts.append(Part(start, border.start()))
        start = border.end()

    parts.append(Part(start, len(text)))
    worded = []
    for part in parts:
        least = MIN_FIRST_WORDS if part.start == 0 else MIN_WORDS
        if len(_WORD.findall(part.words_in(text))) >= least:
            worded.append(part)

    return worded if 2 <= len(worded) <= MAX_PARTS else []
