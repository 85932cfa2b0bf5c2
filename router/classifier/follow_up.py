"""Recognises messages that go on with what was said before, although they stand alone."""

from __future__ import annotations

import re

from router.text.normalise import normalise

MAX_WORDS = 12
"""A longer message says what it is about."""
MAX_CHARS = 200
_OPENING = re.compile(
    r"(?:and|but|also|or|so|then|plus|what about|how about|what if|same for|the same for|"
    r"why not|why so|in that case|instead|no i meant|i meant|what else|anything else|"
    r"more (?:detail|about)|shorter|longer|again)\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"\w+")


def is_follow_up(text: str) -> bool:
    """Returns whether the message begins as one that goes on with another ("and sick days?")."""
    if len(text) > MAX_CHARS:
        return False

    words = _WORD.findall(text)
    return len(words) <= MAX_WORDS and _OPENING.match(normalise(text).strip()) is not None
