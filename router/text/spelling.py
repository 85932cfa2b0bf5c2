"""Finds what a mistyped word was meant to be, for routing only: the answer sees what was typed.

A noisy channel (Kernighan, Church and Gale, 1990): a word is read as the one that is likeliest to
have been meant, given how often people write each word and how often they mistype one. The words of
the routes count most, because messages to Beagle are about them.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from string import ascii_lowercase

from router.text.person_names import given_names
from router.text.word_list import MAX_LETTERS, WordList, english_words

MIN_LETTERS = 4
"""A shorter word has too many neighbours to tell which one was meant."""
ROUTE_WEIGHT = 0.5
"""Weight of the routes' own words against the word list, when a word's share is estimated."""
SMALLEST_SHARE = 1e-12
TYPO = 8.0
"""Nats that a typo costs: one word in 3,000 is mistyped so that it becomes a certain other one.

Chosen on CLINC150 with 10 examples (seed 0): with 6, more correct words are changed; with 10, fewer
wrong ones."""
EDIT_COST = {"swap": 0.0, "insert": 0.0, "delete": 0.7, "replace": 1.5}
"""Nats by the edit that repairs the word. Swapped and missing letters are the commonest slips."""
MAX_COST_GAP = 3.0
"""Nats over the likeliest reading up to which another one is worth a look."""
CERTAIN = 12.0
"""Nats of a word that is common enough to be meant as it stands."""
MAX_READINGS = 4
MIN_LETTERS_FOR_TWO = 6
"""Letters of a word from which two slips in it are repaired, and by a word of the routes only."""
FOREIGN_SHARE = 0.5
"""A message in which more than this share of the words is unknown is in another language."""
MIN_FOREIGN_WORDS = 3
MAX_LOOKED_AT = 40
"""Different words of a text for which others are tried. A person's message has a few mistyped ones;
one of 800 made-up words would hold the process for a quarter of a second."""
_WORD = re.compile(r"(?<![\w'@#/.-])[A-Za-z]++(?![\w@#/-]|\.\w)")


@dataclass(frozen=True, slots=True)
class Reading:
    """A way to read a text, and how many nats less likely it is than the likeliest one."""

    text: str
    cost: float
    changes: tuple[tuple[str, str], ...] = ()
    """The words that are read as another one, as `(typed, read)`."""


@dataclass(frozen=True, slots=True)
class _Word:
    """A word in a text with its candidates, likeliest first, as `(nats, word)`."""

    start: int
    end: int
    candidates: Sequence[tuple[float, str]]


class Speller:
    """Reads mistyped words as what was meant. Immutable, safe for many threads.

    `route_words` counts the words in examples, names and descriptions of the routes, in lower case.
    """

    def __init__(self, route_words: Mapping[str, int], words: WordList | None = None) -> None:
        self.route_words = route_words
        self._route_total = sum(route_words.values()) + 1
        self._words = english_words() if words is None else words

        self._long_by_letter: dict[str, list[str]] = {}
        for word in sorted(route_words):
            if len(word) >= MIN_LETTERS_FOR_TWO:
                self._long_by_letter.setdefault(word[0], []).append(word)

    @classmethod
    def from_texts(cls, texts: Iterable[str]) -> Speller:
        """Returns the speller for routes that are described by these texts."""
        counts: Counter[str] = Counter()
        for text in texts:
            counts.update(match.group().lower() for match in _WORD.finditer(text))

        return cls(counts)

    def readings(self, text: str) -> list[Reading]:
        """Returns up to MAX_READINGS ways to read the text, the likeliest first.

        There is one, the text itself, where every word is known or nothing similar is. Words of
        another language, names, capitals inside a sentence, code, links and short words stay.
        """
        words = self._unclear_words(text)
        if not words:
            return [Reading(text, 0.0)]

        choice = [0] * len(words)
        readings = [_read(text, words, choice, 0.0)]

        # One word at a time: with several unclear words all their combinations would be too many.
        others = [
            (candidate[0] - word.candidates[0][0], place, number)
            for place, word in enumerate(words)
            for number, candidate in enumerate(word.candidates)
            if number
        ]
        for cost, place, number in sorted(others)[: MAX_READINGS - 1]:
            changed = [*choice]
            changed[place] = number
            readings.append(_read(text, words, changed, cost))

        return readings

    def _unclear_words(self, text: str) -> list[_Word]:
        """Returns the words that may have been meant as others; none in another language."""
        matches = [match for match in _WORD.finditer(text) if len(match.group()) >= MIN_LETTERS]
        if not matches:
            return []

        typed = [match.group().lower() for match in matches]
        shares = dict(zip(typed, map(float, self._words.shares(typed)), strict=True))
        unknown = sum(shares[word] == 0 and word not in self.route_words for word in typed)
        # Before anything is tried: it costs the most in a text where nothing is known.
        if unknown >= MIN_FOREIGN_WORDS and unknown > FOREIGN_SHARE * len(matches):
            return []

        found = []
        tried: dict[str, list[tuple[float, str]]] = {}
        start_of_text = len(text) - len(text.lstrip())
        is_shouted = text.isupper()
        for match, word in zip(matches, typed, strict=True):
            is_first = match.start() == start_of_text
            if word in self.route_words or not _may_change(match.group(), is_first, is_shouted):
                continue
            if word not in tried:
                if len(tried) == MAX_LOOKED_AT:
                    break
                tried[word] = self._candidates(word, shares[word])

            candidates = tried[word]
            if match.group() == word.capitalize():
                # The first word of a message; it may as well be a name.
                candidates = [one for one in candidates if one[1] in self.route_words]
            if any(meant != word for _, meant in candidates):
                found.append(_Word(match.start(), match.end(), _near_best(candidates)))

        return found

    def _candidates(self, word: str, share: float) -> list[tuple[float, str]]:
        """Returns what the word may have been meant as, with its nats, in no order.

        `share` is its own in the word list; a word that is in it can only be one of the routes'.
        """
        own_cost = self._cost(word, share)
        if share > 0 and own_cost < CERTAIN:
            return []

        edits = _edits(word)
        names = [name for name in edits if share == 0 or name in self.route_words]
        shares = self._words.shares(names)
        found = [(own_cost, word)] if share > 0 else []

        for name, name_share in zip(names, shares, strict=True):
            if name_share > 0 or name in self.route_words:
                cost = self._cost(name, float(name_share)) + TYPO + EDIT_COST[edits[name]]
                found.append((cost, name))

        if not found and len(word) >= MIN_LETTERS_FOR_TWO:
            for name in self._long_by_letter.get(word[0], ()):
                if abs(len(name) - len(word)) <= 2 and _distance(word, name) <= 2:
                    found.append((self._cost(name, 0.0) + 2 * TYPO, name))

        return found

    def _cost(self, word: str, share: float) -> float:
        """Returns the negative logarithm of the probability that somebody writes this word."""
        own_share = self.route_words.get(word, 0) / self._route_total
        mixed = (1 - ROUTE_WEIGHT) * share + ROUTE_WEIGHT * own_share
        return -math.log(mixed + SMALLEST_SHARE)


def _near_best(candidates: Sequence[tuple[float, str]]) -> list[tuple[float, str]]:
    """Returns the likeliest candidates, best first."""
    ordered = sorted(candidates)
    best = ordered[0][0]
    return [one for one in ordered[:MAX_READINGS] if one[0] < best + MAX_COST_GAP]


def _may_change(word: str, is_first: bool, is_shouted: bool) -> bool:
    """Returns whether the word is written like an ordinary one, and is no first name.

    `is_first` says that it begins the text, `is_shouted` that the whole text is in capitals.
    """
    if len(word) > MAX_LETTERS or word.capitalize() in given_names():
        return False

    is_capitalised = word == word.capitalize() and is_first
    return word.islower() or is_capitalised or is_shouted


def _read(text: str, words: Sequence[_Word], choice: Sequence[int], cost: float) -> Reading:
    """Returns the text with the chosen candidate of each word in place."""
    parts = []
    changes = []
    end = 0

    for word, number in zip(words, choice, strict=True):
        typed = text[word.start : word.end]
        meant = word.candidates[number][1]
        parts += [text[end : word.start], typed if typed.lower() == meant else meant]
        if typed.lower() != meant:
            changes.append((typed, meant))
        end = word.end

    return Reading("".join([*parts, text[end:]]), cost, tuple(changes))


def _edits(word: str) -> dict[str, str]:
    """Returns every string at Damerau distance 1, with the edit that leads to it."""
    found: dict[str, str] = {}
    for name, edit in _all_edits(word):
        if name != word:
            found.setdefault(name, edit)

    return found


def _all_edits(word: str) -> Iterator[tuple[str, str]]:
    """Yields the strings of each edit, the cheapest edits first."""
    splits = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    for before, after in splits:
        if len(after) > 1:
            yield before + after[1] + after[0] + after[2:], "swap"

    for before, after in splits:
        for letter in ascii_lowercase:
            yield before + letter + after, "insert"

    for before, after in splits:
        if after:
            yield before + after[1:], "delete"

    for before, after in splits:
        if after:
            for letter in ascii_lowercase:
                yield before + letter + after[1:], "replace"


def _distance(first: str, second: str) -> int:
    """Returns the optimal string alignment distance: edits of one letter, and swaps, count 1."""
    older: list[int] = []
    previous = list(range(len(second) + 1))

    for row, letter in enumerate(first, 1):
        current = [row]
        for column, other in enumerate(second, 1):
            best = min(
                previous[column] + 1, current[-1] + 1, previous[column - 1] + (letter != other)
            )
            is_swap = row > 1 and column > 1 and first[row - 2] == other
            if is_swap and letter == second[column - 2]:
                best = min(best, older[column - 2] + 1)
            current.append(best)

        older, previous = previous, current

    return previous[-1]
