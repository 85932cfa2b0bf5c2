"""Compares the words, figures and times of an answer with the text that it was made from.

One notion of "the material says so" for notes, for the fields of a form and for free text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import starmap

from router.text.scripts import words_of
from router.text.terms import STOP_WORDS, stem

Forms = Sequence[tuple[str, str]]
"""Words, each with its stem."""
PREFIXES = SHORTEST_PREFIX, LONGEST_PREFIX = 3, 4
"""Letters that two forms of a word share: `invoice` and `invoicing`, `app` and `application`."""
_NUMBER = re.compile(r"\d++(?:[.,:]\d++)*+")
_AFTERNOON = re.compile(r"(\d{1,2})(:\d\d)? ?p\.?m\b", re.IGNORECASE)
_LIST_NUMBER = re.compile(r"^ *\d{1,2}[.)] ", re.MULTILINE)
_FULL_HOUR = re.compile(r"(\d{1,2})[:.]00")
_GROUPS = re.compile(r"(?<=\d)[.,](?=\d{3}(?!\d))")
_NUMBER_WORDS = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
sixteen seventeen eighteen nineteen twenty
"""
NUMBER_WORDS = tuple(_NUMBER_WORDS.split())
_NUMBER_OF_WORD = {word: str(number) for number, word in enumerate(NUMBER_WORDS)}
_TIME_WORDS = """
today tomorrow yesterday tonight monday tuesday wednesday thursday friday saturday sunday january
february april june july august september october november december
"""
TIME_WORDS = frozenset(_TIME_WORDS.split())
"""Words that name a day or a month; `march` and `may` are left out, which are other words too."""


@dataclass(frozen=True, slots=True)
class KnownWords:
    """What an answer may draw on: its words, their stems and its figures."""

    words: frozenset[str]
    stems: frozenset[str]
    prefixes: frozenset[str]
    numbers: frozenset[str]

    @classmethod
    def of_text(cls, text: str) -> KnownWords:
        """Returns the material of a text."""
        words = frozenset(words_of(text))
        numbers = _numbers(text)
        for match in _AFTERNOON.finditer(text):
            # 3 pm may be written as 15:00.
            hour = str(int(match.group(1)) % 12 + 12)
            numbers.add(hour + (match.group(2) or ""))

        numbers.update(_NUMBER_OF_WORD[word] for word in words & _NUMBER_OF_WORD.keys())
        stems = frozenset(map(stem, words))
        prefixes = frozenset(
            word[:size] for word in words for size in PREFIXES if len(word) >= size
        )
        return cls(words, stems, prefixes, frozenset(numbers))

    def has_word(self, word: str) -> bool:
        """Returns whether the material has the word, or another form of it."""
        return self._has_form(word, stem(word))

    def has_whole_words(self, text: str) -> bool:
        """Returns whether the material has each of the text's content words as it is written."""
        for word in content_words(text):
            if word not in self.words and _NUMBER_OF_WORD.get(word) not in self.numbers:
                return False

        return True

    def _has_form(self, word: str, stemmed: str) -> bool:
        if word in self.words or stemmed in self.stems:
            return True
        if word in _NUMBER_OF_WORD:
            return _NUMBER_OF_WORD[word] in self.numbers

        # Cheap and generous: a false refusal costs more than a word that passes.
        return len(word) >= SHORTEST_PREFIX and word[:LONGEST_PREFIX] in self.prefixes

    def foreign_numbers(self, text: str) -> set[str]:
        """Returns the text's figures that the material does not have."""
        return _numbers(_LIST_NUMBER.sub("", text)) - self.numbers

    def foreign_times(self, text: str) -> set[str]:
        """Returns the days and months of the text that the material does not name."""
        return {word for word in words_of(text) if word in TIME_WORDS and word not in self.words}

    def own_share(self, text: str) -> float:
        """Returns the share (0-1) of the text's content words that the material has.

        Of a text without content words all words count; 1 for no word at all.
        """
        return self.share_of(content_forms(text))

    def share_of(self, forms: Forms) -> float:
        """Returns the share (0-1) of the words that the material has; 1 for no word at all."""
        return sum(starmap(self._has_form, forms)) / len(forms) if forms else 1.0


def content_forms(text: str) -> Forms:
    """Returns a text's content words with their stems, to be compared with many materials."""
    return [(word, stem(word)) for word in content_words(text)]


def content_words(text: str) -> list[str]:
    """Returns the distinct words that carry the meaning; all words where none does."""
    words = [word for word in dict.fromkeys(words_of(text)) if not word.isdigit()]
    return [word for word in words if word not in STOP_WORDS] or words


def word_share(text: str, material: str) -> float:
    """Returns the share (0-1) of the text's words, small ones too, that are in the material."""
    words, known = set(words_of(text)), set(words_of(material))
    return len(words & known) / len(words) if words else 1.0


def _numbers(text: str) -> set[str]:
    """Returns the figures of a text in one form: `1,200` as `1200`, `3:00` as `3`."""
    numbers = set()
    for written in set(_NUMBER.findall(text)):
        number = _GROUPS.sub("", written)
        full_hour = _FULL_HOUR.fullmatch(number)
        if full_hour is not None and int(full_hour.group(1)) <= 24:
            number = full_hour.group(1)

        numbers.add(number.replace(",", ".").lstrip("0") or "0")

    return numbers
