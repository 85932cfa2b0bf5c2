"""Masks names of people that are known beforehand, in time that does not depend on their number."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

MIN_NAME_LETTERS = 3
"""Letters of a single name that is handed in; shorter ones would match ordinary words."""
MASK = "[person]"
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class NameIndex:
    """Names by the first word, then by their length: looked up, never tried one after another."""

    names: Mapping[str, Mapping[int, frozenset[str]]]
    ignores_case: bool

    def mask(self, text: str) -> str:
        """Returns the text with each of the names replaced by `MASK`, the longest that fits."""
        if not self.names:
            return text

        parts: list[str] = []
        end = 0
        for word in _WORD.finditer(text):
            name_end = self._name_end(text, word) if word.start() >= end else None
            if name_end is not None:
                parts += [text[end : word.start()], MASK]
                end = name_end

        return "".join([*parts, text[end:]])

    def _name_end(self, text: str, word: re.Match[str]) -> int | None:
        """Returns the end of the longest name that begins with this word, None if none does."""
        start = word.start()
        by_length = self.names.get(self._key(word.group()))
        if by_length is None or text[start - 1 : start] == "[":
            return None

        for length, names in by_length.items():
            following = text[start + length : start + length + 1]
            is_whole = not (following.isalnum() or following in ("_", "]"))
            if is_whole and self._key(text[start : start + length]) in names:
                return start + length

        return None

    def _key(self, text: str) -> str:
        return text.lower() if self.ignores_case else text


@lru_cache(maxsize=8)
def index_names(names: frozenset[str], ambiguous: frozenset[str]) -> tuple[NameIndex, NameIndex]:
    """Returns the names of several words, and the single ones.

    A name of several words matches in any case. A single one matches where it is capitalised, and
    never when it is an everyday word too (`ambiguous`), or every "will" and "mark" would be masked.
    """
    full_names: set[str] = set()
    single_names: set[str] = set()

    for name in names:
        words = name.split()
        if len(words) > 1:
            full_names.add(" ".join(words).lower())
        elif words and len(words[0]) >= MIN_NAME_LETTERS:
            single_names.add(words[0][0].upper() + words[0][1:])

    return (
        NameIndex(_by_word(full_names), ignores_case=True),
        NameIndex(_by_word(single_names - ambiguous), ignores_case=False),
    )


def _by_word(names: Iterable[str]) -> dict[str, dict[int, frozenset[str]]]:
    """Returns the names by first word and length, the longest first."""
    found: dict[str, dict[int, set[str]]] = {}
    for name in names:
        word = _WORD.search(name)
        if word is not None:
            # A sign before the first letter ("'t Hooft") is left in the text.
            stripped = name[word.start() :]
            by_length = found.setdefault(word.group(), {})
            by_length.setdefault(len(stripped), set()).add(stripped)

    ordered: dict[str, dict[int, frozenset[str]]] = {}
    for first, by_length in found.items():
        ordered[first] = {
            length: frozenset(by_length[length]) for length in sorted(by_length, reverse=True)
        }

    return ordered
