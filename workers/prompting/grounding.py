"""Leaves out of a form what the message does not say: values that a model made up.

A small model copies the examples of its prompt, or what forms usually hold. Values of a closed list
are the model's to choose; all others have to be in the words of the material.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from typing import Any

from router.text.scripts import words_of
from workers.prompting.own_words import TIME_WORDS, KnownWords, content_forms, content_words
from workers.prompting.structured_output import may_be_null

MIN_SHARE = 0.5
"""The share of a value's content words that the material has, in 0-1. The summary of a ticket
rephrases: of the right answers of the built-in routes' test rows less than 1 % have a smaller share
(`tests/prompting/test_grounding.py`)."""
SHORT_WORDS = 2
"""A value of so few content words has all of them from the material: one alone means little."""
OWN_WORDS = "own words"
"""A field whose description says so holds a phrase of the message as it is."""
TWICE = 2
LINE_CHARS = 100
"""From so many allowed characters on, an open field is a line about the message as a whole."""
_SENTENCE_END = re.compile(r"[.!?](?=\s|\Z)|[;\n]")
_RETURN = re.compile(
    r"\b(?:back|return|returning|in again)(?: (?:at work|to work|in the office|online))?"
    r"(?: (?:on|in|from|by|again))? \Z"
)
RETURN_CHARS = 40
_EVENT_WORDS = """
call meeting meet met see sync standup review session workshop appointment demo lunch dinner party
event conference away off holiday leave
"""
EVENTS = frozenset(_EVENT_WORDS.split())
"""A sentence about one of these has a time of its own: "Next call Tuesday" makes nothing due."""
_TASK_WORDS = "by due deadline latest it that them i"
OF_TASKS = frozenset(_TASK_WORDS.split())
"""Unless it also has one of these, and so may speak of the task beside it."""
MAX_SENTENCES = 300
"""Sentences of a material that are looked at one by one; what follows counts as one more."""


@dataclass(frozen=True, slots=True)
class GroundedValue:
    """A form without what the material does not say.

    `missing` are the names of the fields that were left out, `is_empty` whether nothing is
    left of a form that is mostly open fields, although the model filled some.
    """

    data: Any
    missing: tuple[str, ...] = ()
    is_empty: bool = False


@dataclass(slots=True)
class _Fields:
    """The open fields that were read so far."""

    text: str
    material: KnownWords
    kept: int = 0
    missing: list[str] = field(default_factory=list)
    _sentences: list[KnownWords] | None = None

    def sentences(self) -> list[KnownWords]:
        """Returns the words of each sentence of the material; only lists of objects need them."""
        if self._sentences is None:
            parts = _SENTENCE_END.split(self.text, MAX_SENTENCES)
            self._sentences = [KnownWords.of_text(part) for part in parts if part.strip()]

        return self._sentences


def ground(data: Mapping[str, Any], schema: Mapping[str, Any], material: str) -> GroundedValue:
    """Returns the form with every open value in the material's words; others are left out."""
    fields = _Fields(material, KnownWords.of_text(material))
    grounded: dict[str, Any] = {}
    for name, value in data.items():
        part = schema.get("properties", {}).get(name, {})
        if isinstance(value, list):
            grounded[name] = _items(value, part.get("items", {}), fields, name)
        else:
            grounded[name] = _value(value, part, fields, name)

    grounded = _without_twins(grounded, schema, material)
    # Where a form is choices and one line about them, the choices remain an answer.
    choices = [part for part in schema.get("properties", {}).values() if _is_chosen(part)]
    is_mostly_open = len(grounded) - len(choices) >= len(choices)
    is_empty = bool(fields.missing) and not fields.kept and is_mostly_open
    return GroundedValue(grounded, tuple(dict.fromkeys(fields.missing)), is_empty)


def _without_twins(
    data: Mapping[str, Any], schema: Mapping[str, Any], material: str
) -> dict[str, Any]:
    """Returns the form where one phrase of the material fills one field, the first.

    "Since 11:30, not over yet" has no end at 11:30.
    """
    left: dict[str, Any] = {}
    for name, value in data.items():
        part = schema.get("properties", {}).get(name, {})
        is_twin = _is_open(value, part) and any(_is_same(value, other) for other in left.values())
        is_said_once = is_twin and material.casefold().count(value.casefold()) < TWICE
        left[name] = _nothing(part) if is_said_once else value

    return left


def _is_same(value: str, other: object) -> bool:
    return isinstance(other, str) and value.casefold() == other.casefold()


def is_grounded(value: str, material: KnownWords) -> bool:
    """Returns whether the material has the value's figures, and most of its words."""
    least = 1.0 if len(content_words(value)) <= SHORT_WORDS else MIN_SHARE
    return not material.foreign_numbers(value) and material.own_share(value) >= least


def is_stated(value: str, schema: Mapping[str, Any], material: KnownWords) -> bool:
    """Returns whether the material has the value of a field.

    A name, or what is to be in the message's own words, is there word for word: `Viennese` is not
    said by who writes of a `Vienna order`.
    """
    is_phrase = OWN_WORDS in str(schema.get("description", ""))
    if is_phrase or len(content_words(value)) <= SHORT_WORDS:
        return not material.foreign_numbers(value) and material.has_whole_words(value)

    return is_grounded(value, material)


def with_own_line(
    data: Mapping[str, Any], schema: Mapping[str, Any], message: str, known: str
) -> dict[str, Any]:
    """Returns a form of choices and one line about them; its line has no word of the model's own.

    Where the line has a word that is not `known`, the beginning of the message takes its place: the
    included model writes "caught" for "charged", and a wrong word there is worse than a long line.
    """
    lines = [name for name, part in schema.get("properties", {}).items() if not _is_chosen(part)]
    if len(lines) != 1 or len(lines) == len(data) or not isinstance(data.get(lines[0]), str):
        return dict(data)

    name, part = lines[0], schema["properties"][lines[0]]
    most, value = part.get("maxLength", 0), data[lines[0]]
    words = KnownWords.of_text(known)
    is_own = value and not words.foreign_numbers(value) and words.own_share(value) == 1.0
    if is_own or most < LINE_CHARS or not content_words(message):
        return dict(data)

    return {**data, name: _beginning(message, most)}


def _beginning(message: str, most: int) -> str:
    """Returns the message on one line, cut behind a word where it is longer than `most`."""
    line = " ".join(message.split())
    if len(line) <= most:
        return line

    return line[: most - 1].rsplit(" ", 1)[0].rstrip(" ,.;:") + "…"


def _value(value: Any, schema: Mapping[str, Any], fields: _Fields, name: str) -> Any:
    if not isinstance(value, str) or not value.strip() or _is_chosen(schema):
        return value
    if _nothing(schema) is None and _is_return(value, fields.text):
        return None
    if is_stated(value, schema, fields.material):
        fields.kept += 1
        return value

    fields.missing.append(name)
    return _nothing(schema)


def _is_return(value: str, text: str) -> bool:
    """Returns whether the text names the value only as the day of somebody's return.

    "Back on Monday" says when an absence is over, not its last day. A field that may be empty is
    left empty then.
    """
    text, value = text.casefold(), value.casefold()
    start = text.find(value)
    if start < 0:
        return False

    while start >= 0:
        if _RETURN.search(text[max(0, start - RETURN_CHARS) : start]) is None:
            return False
        start = text.find(value, start + 1)

    return True


def _items(items: list[Any], schema: Mapping[str, Any], fields: _Fields, name: str) -> list[Any]:
    """Returns the items that the material has. An object is what its first open value says."""
    kept: list[Any] = []
    places = [_place(item, schema, fields) for item in items]
    told = frozenset().union(*places)
    for item, place in zip(items, places, strict=True):
        if isinstance(item, Mapping):
            near = _surroundings(place, told, fields.sentences())
            grounded = _object(item, schema, fields, name, near or (fields.material,) * 2)
            if grounded is not None and grounded not in kept:
                kept.append(grounded)
        elif not isinstance(item, str) or _is_chosen(schema) or is_grounded(item, fields.material):
            fields.kept += isinstance(item, str)
            kept.append(item)
        else:
            fields.missing.append(name)

    return kept


def _place(item: object, schema: Mapping[str, Any], fields: _Fields) -> frozenset[int]:
    """Returns which sentences say an object of a list: those with the most of its first open value.

    There are none for what is no object or has no word, and where all have little of the value.
    """
    if not isinstance(item, Mapping):
        return frozenset()

    properties = schema.get("properties", {})
    opened = (one for key, one in item.items() if _is_open(one, properties.get(key, {})))
    forms = content_forms(next(opened, ""))
    shares = [sentence.share_of(forms) for sentence in fields.sentences()] if forms else []
    best = max(shares, default=0.0)
    if best < MIN_SHARE:
        return frozenset()

    return frozenset(place for place, share in enumerate(shares) if share == best)


def _object(
    item: Mapping[str, Any],
    schema: Mapping[str, Any],
    fields: _Fields,
    name: str,
    near: tuple[KnownWords, KnownWords],
) -> dict[str, Any] | None:
    """Returns one object of a list; None where its first open value is made up.

    `near` are the words around what says it, and those that may say its time; its other values have
    to be there.
    """
    properties = schema.get("properties", {})
    grounded: dict[str, Any] = {}
    is_first = True
    for key, value in item.items():
        part = properties.get(key, {})
        if not _is_open(value, part):
            grounded[key] = value
        elif is_first:
            is_first = False
            if not is_grounded(value, fields.material):
                fields.missing.append(name)
                return None

            fields.kept += 1
            grounded[key] = value
        elif any(_is_same(value, other) for other in grounded.values()):
            # One phrase fills one field: nothing is due by "Tom" because Tom does it.
            grounded[key] = _nothing(part)
        elif is_stated(value, part, near[_has_time(value)]):
            grounded[key] = value
        else:
            # The right name at the wrong task is as wrong as an invented one. A time of something
            # else is no such mistake: whoever wrote it has said when that is.
            if not is_stated(value, part, near[0]):
                fields.missing.append(key)
            grounded[key] = _nothing(part)

    return grounded


def _surroundings(
    own: frozenset[int], told: frozenset[int], sentences: list[KnownWords]
) -> tuple[KnownWords, KnownWords] | None:
    """Returns the words of an object's `own` sentences and of their neighbours; None without any.

    Who does it is often said in the next one: "Somebody has to call him." "I can." A neighbour that
    is `told`, as one object of the list, lends nothing: its owner and its day are not this one's.

    The second ones are without a neighbour that has a time of its own.
    """
    if not own:
        return None

    beside = {place + step for place in own for step in (-1, 1)} - own - told
    beside = {place for place in beside if 0 <= place < len(sentences)}
    lending = {place for place in beside if _lends_time(sentences[place].words)}
    return _joined(own | beside, sentences), _joined(own | lending, sentences)


def _joined(places: Set[int], sentences: list[KnownWords]) -> KnownWords:
    parts = [sentences[place] for place in sorted(places)]
    return KnownWords(
        frozenset().union(*(part.words for part in parts)),
        frozenset().union(*(part.stems for part in parts)),
        frozenset().union(*(part.prefixes for part in parts)),
        frozenset().union(*(part.numbers for part in parts)),
    )


def _lends_time(words: Set[str]) -> bool:
    return not words & EVENTS or bool(words & OF_TASKS)


def _has_time(value: str) -> bool:
    return any(letter.isdigit() for letter in value) or not TIME_WORDS.isdisjoint(words_of(value))


def _is_open(value: object, schema: Mapping[str, Any]) -> bool:
    return isinstance(value, str) and bool(value.strip()) and not _is_chosen(schema)


def _is_chosen(schema: Mapping[str, Any]) -> bool:
    """Returns whether the schema lists the values, so that the model only chooses one."""
    return "enum" in schema or "const" in schema


def _nothing(schema: Mapping[str, Any]) -> str | None:
    return None if may_be_null(schema) else ""
