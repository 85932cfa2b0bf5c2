"""Recognises messages that go on with what was said before, although they stand alone."""

from __future__ import annotations

import re
from collections.abc import Sequence

from router.speech.acts import QUESTIONS, speech_act
from router.text.normalise import normalise
from router.text.terms import extract_terms

MAX_WORDS = 12
"""A longer message says what it is about."""
MAX_CHARS = 200
MIN_THREAD_TERMS = 2
MIN_THREAD_SHARE = 0.6
"""How many of a question's words, and which share of them, the thread holds if it is about it."""
MAX_TURN_CHARS = 20_000
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


def is_about_thread(text: str, turns: Sequence[str]) -> bool:
    """Returns whether the message asks about what was said before: `turns` hold its words.

    "Who books the hotel?" below a list of tasks is about that list, however much it resembles a
    question about travelling.
    """
    if not turns or len(text) > MAX_CHARS or speech_act(text) not in QUESTIONS:
        return False

    asked = set(extract_terms(text))
    said = set()
    for turn in turns:
        said.update(extract_terms(turn[:MAX_TURN_CHARS]))

    shared = len(asked & said)
    return shared >= MIN_THREAD_TERMS and shared >= MIN_THREAD_SHARE * len(asked)
