"""Cheap checks of what a draft answered: signs that an answer is none, or says what nobody wrote.

They need no right answer and no model. An answer without such a sign may still be wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from router.catalog.version import Version
from router.speech.language import guess_language
from router.text.person_names import mask_names
from router.text.scripts import words_of
from router.types import Outcome
from workers.cascade.signals import ANSWERED, COMPLETE, WORDED, AnswerFacts, signals_of
from workers.prompting.free_text import (
    declines,
    invents,
    is_about,
    is_in_language,
    target_language,
)
from workers.prompting.own_words import word_share

REPEATED_SHARE = 0.9
"""The share of an answer's words in a text from which it only repeats that text."""
MIN_REPEATED_WORDS = 6
MAX_HEADING_WORDS = 6
"""A line with a colon at its end and more words is a sentence."""
EMPTY, CUT, DECLINED = "empty", "comes to no end", "declines to answer"
REPEATS_REQUEST = "hardly more than the request itself"
REPEATS_ORDERS = "repeats its instructions"
SAME = "the same answer as to another request"
OFF_SUBJECT = "hardly a word in common with the request or the instructions"
INVENTED = "a number, day or name that neither the request nor the instructions have"
OTHER_WORDS = "details that are not in the words of the request"
EMPTY_PART = "a heading with nothing below it"
PLACEHOLDER = "a place left to fill in"
OTHER_LANGUAGE = "another language than the request"
_PLACEHOLDER = re.compile(r"\[[A-Za-z][^\]\n]{0,60}\]")
_HEADING = re.compile(r"#{1,6} [^\n]*+|[^:\n]{1,60}:\**+")


def doubts_of(
    version: Version, requests: Sequence[str], outcomes: Sequence[Outcome | None]
) -> dict[int, tuple[str, ...]]:
    """Returns what speaks against the answers, by the index of the request.

    Requests without an answer are left out: that is no doubt. The texts hold nobody's words.
    """
    words: dict[tuple[str, ...], list[int]] = {}
    for number, outcome in enumerate(outcomes):
        if outcome is not None and version.output is None:
            words.setdefault(tuple(words_of(outcome.text)), []).append(number)

    repeated = {number for numbers in words.values() if len(numbers) > 1 for number in numbers}
    found = {}
    for number, (request, outcome) in enumerate(zip(requests, outcomes, strict=True)):
        if outcome is None:
            continue

        doubts = [*_doubts(version, request, outcome)]
        if number in repeated:
            doubts.append(SAME)
        if doubts:
            found[number] = tuple(doubts)

    return found


def _doubts(version: Version, request: str, outcome: Outcome) -> Iterator[str]:
    signals = signals_of(AnswerFacts(version, request, outcome, {}))
    if signals[WORDED] < 1 or _is_empty_form(outcome.data):
        yield EMPTY
        return
    if signals[COMPLETE] < 1:
        yield CUT

    material = f"{request}\n{version.role}\n{version.prompt}"
    if signals[ANSWERED] < 1 or declines(outcome.text, material):
        yield DECLINED
        return
    if version.output is not None:
        if signals.get("grounded", 1.0) < 1:
            yield OTHER_WORDS
    elif not version.traits.retrieves:
        # An answer from documents is quoted from them, and these are no part of the material.
        yield from _text_doubts(version, request, outcome.text, material)


def _text_doubts(version: Version, request: str, text: str, material: str) -> Iterator[str]:
    """Returns what speaks against a free text."""
    is_long = len(words_of(text)) >= MIN_REPEATED_WORDS
    if word_share(text, request) >= REPEATED_SHARE:
        yield REPEATS_REQUEST
    elif is_long and word_share(text, f"{version.role}\n{version.prompt}") >= REPEATED_SHARE:
        yield REPEATS_ORDERS
    elif not is_about(text, material):
        yield OFF_SUBJECT

    if invents(text, material) or _names_somebody_else(text, material):
        yield INVENTED
    if has_empty_part(text):
        yield EMPTY_PART
    if any(mark not in material for mark in _PLACEHOLDER.findall(text)):
        yield PLACEHOLDER
    if not _is_in_wanted_language(version, request, text):
        yield OTHER_LANGUAGE


def has_empty_part(text: str) -> bool:
    """Returns whether a heading, or a line that ends with a colon, has nothing below it."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) == 1:
        return False

    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if _is_heading(line) and (not following or _is_same_heading(line, following)):
            return True

    return False


def _is_heading(line: str) -> bool:
    return len(line.split()) <= MAX_HEADING_WORDS and _HEADING.fullmatch(line) is not None


def _is_same_heading(line: str, following: str) -> bool:
    """Returns whether the next line is a heading of the same depth; a lower one is a part of it."""
    return _is_heading(following) and _depth(following) == _depth(line)


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip("#*"))


def _names_somebody_else(text: str, material: str) -> bool:
    """Returns whether the text names a person whom the material does not name."""
    named = set(words_of(text)) - set(words_of(mask_names(text, frozenset())))
    return bool(named - set(words_of(material)))


def _is_in_wanted_language(version: Version, request: str, text: str) -> bool:
    """Returns whether the text is in the language that is asked for, else in the request's."""
    wanted = target_language(request) or target_language(version.prompt)
    wanted = wanted or guess_language(request)
    return wanted is None or is_in_language(text, wanted)


def _is_empty_form(data: object) -> bool:
    """Returns whether no detail of a form is filled in."""
    return isinstance(data, Mapping) and not any(data.values())
