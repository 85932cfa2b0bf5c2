"""Notices requests for work on a text that is not there: a model would invent it."""

from __future__ import annotations

import re

from router.text.normalise import normalise
from router.text.order import split_order
from workers.context import Work

MAX_ORDER_WORDS = 12
"""A longer message holds what it is about."""
MIN_MATERIAL_WORDS = 2
MAX_TAIL_WORDS = 3
"""Words behind "this text" that still belong to the order ("in plain English, please")."""
_POINTER = re.compile(
    r"\b(?:(?:this|these|the attached|the following|the above|the)"
    r"(?: (?:file|files|document|thread|discussion|conversation|chat|meeting|mail|email|message|"
    r"messages|text|notes?|log|paragraph|report|attachment))|this|these|attached|the following)\b",
    re.IGNORECASE,
)
_DETAIL = re.compile(r"\d|_|`|[A-Z]{4,}|[a-z][A-Z]")
"""A figure, a name in code, an abbreviation: such a message has something of its own to work on."""
_WORD = re.compile(r"\w+")
_LITTLE = re.compile(
    r"a|an|the|to|in|of|for|me|us|please|now|again|into|as|it|and|or|with|by|from|briefly|kindly"
)


def lacks_text(work: Work) -> bool:
    """Returns whether the route needs a text and the request only points at one.

    A text is what stands beside the order, what was said before, or a file that was read.
    """
    if not work.version.needs_text or work.history or work.request.author:
        return False
    if work.attachments.texts or work.attachments.pictures:
        return False

    return points_at_nothing(work.request.text)


def points_at_nothing(text: str) -> bool:
    """Returns whether the message speaks of a text and holds none."""
    if len(_WORD.findall(text)) > MAX_ORDER_WORDS or _DETAIL.search(text):
        return False
    if any(part.is_marked for part in split_order(text, MIN_MATERIAL_WORDS)):
        return False

    text = normalise(text)
    pointers = list(_POINTER.finditer(text))
    if not pointers:
        return False

    tail = _WORD.findall(text[pointers[-1].end() :].lower())
    return sum(_LITTLE.fullmatch(word) is None for word in tail) <= MAX_TAIL_WORDS
