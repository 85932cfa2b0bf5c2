"""A follow-up that corrects a form: the fields that it speaks of change, the others stay.

A small model is shown one message and not the thread, so it fills in the whole form from the few
words of the follow-up. What it found there is worth something only where these words say it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from router.speech.act_words import DAYS
from router.text.terms import stem
from workers.ports import Message
from workers.prompting.message_facts import find_facts
from workers.prompting.own_words import KnownWords
from workers.prompting.structured_output import field_label, may_be_null

MAX_WORDS = 25
"""A longer message is a request of its own."""
MIN_NAME_LETTERS = 5
"""Letters that a word shares with a field's name: `urgent` speaks of `urgency`."""
_WORD = re.compile(r"\w+")
TIME_WORDS = DAYS | {"day", "days", "week", "weeks", "month", "months", "noon", "evening"}
MONTHS = frozenset(
    _WORD.findall(
        "january february march april may june july august september october november december "
        "jan feb mar apr jun jul aug sep sept oct nov dec"
    )
)
_BESIDE_TIMES = MONTHS | {"next", "this", "the", "of", "end", "start", "early", "late", "in", "on"}
_ONLY_TIME = re.compile(
    r"\b(?:only|just) (?:(?:on|for) )?(?:the )?(?:\d{1,2}(?:st|nd|rd|th)?\b|"
    rf"(?:{'|'.join(sorted(DAYS))})\b)(?!.{{0,20}}\b(?:until|till|to|too|also|as well)\b)",
    re.IGNORECASE,
)
"""One day that replaces all others: "only Monday", and not "only until Monday"."""
_MORE = re.compile(r"\b(?:more|higher|very|really|quite|much|too)\b", re.IGNORECASE)
_LESS = re.compile(r"\b(?:less|lower|not|isn't|isnt|no)\b", re.IGNORECASE)
_ADDS = re.compile(
    r"\b(?:also|as well|additionally|in addition|btw|by the way)\b|"
    r"\btoo(?= ?(?:[.,;!)]|now\b|again\b|\Z))",
    re.IGNORECASE,
)
"""What a follow-up says so takes the place of nothing."""


def earlier_form(history: Sequence[Message], schema: Mapping[str, Any]) -> dict[str, str]:
    """Returns the fields of the last form in the thread, as its answer shows them.

    Empty where there is none, or where the form has fields that are no plain text.
    """
    properties: Mapping[str, Mapping[str, Any]] = schema.get("properties", {})
    if not all(map(_is_plain, properties.values())):
        return {}

    labels = {field_label(name): name for name in properties}
    for turn in reversed(history):
        if turn["role"] != "assistant":
            continue

        found: dict[str, str] = {}
        for line in turn["content"].splitlines():
            label, sign, value = line.partition(": ")
            if sign and label in labels:
                found[labels[label]] = value.strip()
        if found:
            return found

    return {}


def corrected(
    data: Mapping[str, Any], earlier: Mapping[str, str], message: str, schema: Mapping[str, Any]
) -> dict[str, Any]:
    """Returns the earlier form with what the message says; `data` is the model's form of it."""
    if not earlier or len(_WORD.findall(message)) > MAX_WORDS:
        return dict(data)

    merged: dict[str, Any] = {}
    said: list[str] = []
    for name, value in data.items():
        before, part = earlier.get(name), schema["properties"][name]
        choices = part.get("enum")
        if choices is not None:
            merged[name] = _choice(name, value, before, message, choices)
        elif isinstance(value, str) and value and _says(message, value, before, part):
            merged[name] = value
            said.append(name)
        else:
            merged[name] = value if before is None and value in (None, "") else before

    is_only = _ONLY_TIME.search(message) is not None and any(
        _is_time(merged[name]) for name in said
    )
    return _without_other_times(merged, said, schema) if is_only else merged


def _without_other_times(
    form: Mapping[str, Any], said: Sequence[str], schema: Mapping[str, Any]
) -> dict[str, Any]:
    """Returns the form without the earlier one's times: "only Monday" takes the others back."""
    left = dict(form)
    for name, value in form.items():
        if name not in said and may_be_null(schema["properties"][name]) and _is_time(value):
            left[name] = None

    return left


def _is_time(value: object) -> bool:
    """Returns whether a value names a day, a month, a span of days or a figure."""
    words = _WORD.findall(value.casefold()) if isinstance(value, str) else []
    # "Jan" or "June" alone may be the name of a person, and so may "April Miller".
    if len(words) == 1 and words[0] in MONTHS:
        return False

    is_time = [word[:1].isdigit() or word in TIME_WORDS for word in words]
    return any(is_time) and all(
        one or word in _BESIDE_TIMES for one, word in zip(is_time, words, strict=True)
    )


def _says(message: str, value: str, before: str | None, schema: Mapping[str, Any]) -> bool:
    """Returns whether the follow-up itself says the value, in place of the one `before`.

    A field that may be null was filled because the words are there, in whatever order ("22 to 24
    May"). One that is always filled has to be quoted, or it would sum up the follow-up alone.
    """
    is_quoted = value.casefold() in message.casefold()
    if not may_be_null(schema):
        return is_quoted and not (before and _only_adds(message, value, before))
    if is_quoted:
        return True

    known = KnownWords.of_text(message)
    return not known.foreign_numbers(value) and known.own_share(value) == 1.0


def _only_adds(message: str, value: str, before: str) -> bool:
    """Returns whether a follow-up tells more of a matter, and not another: "on my phone too".

    A number is more of a matter that has had none: "my account number is 88120".
    """
    has_number = any(letter.isdigit() for letter in before)
    is_number = any(fact.kind == "reference" for fact in find_facts(value))
    return _ADDS.search(message) is not None or (is_number and not has_number)


def _choice(
    name: str, value: Any, before: str | None, message: str, choices: Sequence[Any]
) -> object:
    """Returns the value that the message names, or moves the earlier one up or down the list."""
    if before not in choices:
        return value

    words = set(_WORD.findall(message.casefold()))
    named = [choice for choice in choices if str(choice).casefold() in words]
    if len(named) == 1:
        return named[0]
    if named:
        return value
    if not any(_names_field(word, name) for word in words):
        return before

    index = list(choices).index(before)
    if _LESS.search(message):
        return choices[max(0, index - 1)]
    if _MORE.search(message):
        return choices[min(len(choices) - 1, index + 1)]

    return value


def _names_field(word: str, name: str) -> bool:
    if len(word) < MIN_NAME_LETTERS:
        return stem(word) == stem(name)

    return word[:MIN_NAME_LETTERS] == name[:MIN_NAME_LETTERS]


def _is_plain(schema: Mapping[str, Any]) -> bool:
    kinds = schema.get("type", "string")
    return "enum" in schema or "string" in (kinds if isinstance(kinds, list) else [kinds])
