"""What people fill in differently from request to request: days, times, numbers, amounts.

A draft keeps the sentence and not the value: a value that few people wrote is replaced by one that
Beagle makes up, so that nothing in a draft points at one request.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

_MONTHS = "january|february|march|april|may|june|july|august|september|october|november|december"
_WEEKDAYS = "(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_VALUE = re.compile(
    r"(?P<email>\[email\])|(?P<person>\[person\])"
    r"|(?P<link>https?://[^\s<>|]{1,200})"
    r"|(?P<date>\b\d{4}-\d{2}-\d{2}\b|\b\d{1,2}[./]\d{1,2}[./]\d{2,4}\b"
    rf"|\b\d{{1,2}}(?:st|nd|rd|th)?\s(?:{_MONTHS})\b|\b(?:{_MONTHS})\s\d{{1,2}}(?:st|nd|rd|th)?\b"
    rf"|\b(?:next\s)?{_WEEKDAYS}s?\b|\bnext\s(?:week|month)\b|\b(?:today|tomorrow|tonight)\b)"
    r"|(?P<time>\b\d{1,2}:\d{2}(?:\s?[ap]m)?\b|\b\d{1,2}\s?[ap]m\b|\bnoon\b)"
    r"|(?P<amount>[$€£]\s?\d[\d.,]{0,12}"
    r"|\b\d[\d.,]{0,12}\s?(?:usd|eur|gbp|euros?|dollars?|pounds?)\b)"
    r"|(?P<duration>\b\d{1,3}\s?(?:minutes?|mins?|hours?|days?|weeks?|months?)\b)"
    r"|(?P<reference>\b[A-Za-z]{2,8}-\d{1,6}\b|(?<!\w)#\d{1,6}\b)"
    r"|(?P<number>\b\d{1,4}\b)",
    re.IGNORECASE,
)
MADE_UP: Mapping[str, Sequence[str]] = {
    "date": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "tomorrow", "next week"),
    "time": ("9:00", "10:30", "11:00", "13:00", "14:30", "15:00", "16:30"),
    "amount": ("20 euros", "45 euros", "120 euros", "300 euros", "750 euros"),
    "duration": ("30 minutes", "45 minutes", "2 hours", "3 days", "2 weeks"),
    "reference": ("AB-12", "AB-34", "AB-56", "AB-78"),
    "number": ("2", "3", "4", "5", "6", "8", "10", "12"),
    "link": ("https://example.com/page",),
    "email": ("[email]",),
    "person": ("[person]",),
}
"""Values that stand in for people's own."""
MEANINGS: Mapping[str, str] = {
    "date": "the day in the message's own words",
    "time": "the time of day as the message gives it",
    "amount": "the amount of money with its currency",
    "duration": "how long, with its unit",
    "reference": "the number of the ticket, order or case",
    "number": "how many, as the message gives it",
    "link": "the address of the page",
    "email": "the e-mail address",
    "person": "whom it is about",
}
"""What each kind of value is, as a prompt says it."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A value in a text: its kind (a key of `MEANINGS`), its words, and where they begin."""

    kind: str
    value: str
    start: int


def find_slots(text: str) -> list[Slot]:
    """Returns the values in a text, in their order."""
    slots = []
    for match in _VALUE.finditer(text):
        assert match.lastgroup is not None
        slots.append(Slot(match.lastgroup, match.group(), match.start()))

    return slots


def refill(text: str, is_common: Callable[[str], bool]) -> str:
    """Returns the text with each value that is not common replaced by a made-up one of its kind.

    The same text always gets the same values. Two equal values stay equal.
    """
    parts = []
    end = 0
    chosen: dict[tuple[str, str], str] = {}

    for number, slot in enumerate(find_slots(text)):
        value = slot.value
        if not is_common(value):
            key = (slot.kind, value.lower())
            chosen.setdefault(key, _made_up(slot.kind, f"{number} {text}"))
            value = chosen[key]

        parts += [text[end : slot.start], value]
        end = slot.start + len(slot.value)

    return "".join([*parts, text[end:]])


def values_by_kind(text: str) -> dict[str, str]:
    """Returns the first value of each kind in the text."""
    values: dict[str, str] = {}
    for slot in find_slots(text):
        values.setdefault(slot.kind, slot.value)

    return values


def _made_up(kind: str, seed: str) -> str:
    values = MADE_UP[kind]
    digest = hashlib.blake2b(seed.encode("utf-8", "replace"), digest_size=4).digest()
    return values[int.from_bytes(digest, "big") % len(values)]
