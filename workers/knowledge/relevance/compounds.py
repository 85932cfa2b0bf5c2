"""Compounds that a question spells otherwise than the passages: "payday" for "pay day".

A word that no passage holds says nothing about them, and halves of a word are other words. So the
question is read with the passages' own spelling, where that is the only difference.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from router.index import Hit
from router.text.terms import MIN_STEM_LETTERS, STOP_WORDS, stem

_WORD = re.compile(r"[^\W\d_]+")
_SEPARATORS = (" ", "-", "\u2011")
MIN_LETTERS = 6
"""A shorter compound is too often two other words by chance: "in to" is not "into"."""
MAX_CHARS = 6000
"""So much of a passage is read."""


def with_spelling_of(hits: Iterable[Hit], question: str) -> str:
    """Returns the question with its compounds spelled as these passages and their titles do."""
    asked = question.casefold()
    starts = {word[:MIN_STEM_LETTERS] for word in _WORD.findall(asked)}
    starts |= {(first + second)[:MIN_STEM_LETTERS] for first, second in _neighbours(asked)}
    known: set[str] = set()
    pairs: dict[str, str] = {}
    for hit in hits:
        for text in (hit.title.casefold(), hit.body[:MAX_CHARS].casefold()):
            # A stem keeps its first letters, so no other word can be meant. Stemming is the work.
            words = {word for word in _WORD.findall(text) if word[:MIN_STEM_LETTERS] in starts}
            known.update(map(stem, words))
            for first, second in _neighbours(text):
                if (first + second)[:MIN_STEM_LETTERS] in starts:
                    pairs.setdefault(stem(first + second), f"{first} {second}")

    return _joined(_split(question, known, pairs), known, pairs)


def _split(question: str, known: set[str], pairs: dict[str, str]) -> str:
    """Splits the words that no passage holds and that are two neighbouring words of one."""

    def spelled(match: re.Match[str]) -> str:
        word = stem(match.group().casefold())
        if len(match.group()) < MIN_LETTERS or word in known:
            return match.group()

        return pairs.get(word, match.group())

    return _WORD.sub(spelled, question)


def _joined(question: str, known: set[str], pairs: dict[str, str]) -> str:
    """Joins two neighbouring words that are one word of a passage, and neighbours in none."""
    parts: list[str] = []
    end = 0
    for before, after in pairwise(_WORD.finditer(question)):
        first, second = before.group().casefold(), after.group().casefold()
        word = stem(first + second)
        is_compound = len(first + second) >= MIN_LETTERS and word in known and word not in pairs
        is_near = question[before.end() : after.start()] in _SEPARATORS
        if is_near and is_compound and not {first, second} & STOP_WORDS and before.start() >= end:
            parts += [question[end : before.end()], after.group()]
            end = after.end()

    return "".join([*parts, question[end:]])


def _neighbours(text: str) -> Iterator[tuple[str, str]]:
    """Yields the pairs of words between which there is one blank or hyphen."""
    for before, after in pairwise(_WORD.finditer(text)):
        if text[before.end() : after.start()] in _SEPARATORS:
            yield before.group(), after.group()
