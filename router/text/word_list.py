"""English words with how often people write them, in two small arrays."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from router.errors import SettingsError

PACKAGE = "symspellpy"
FILE = "frequency_dictionary_en_82_765.txt"
MAX_LETTERS = 20
"""A longer word is not looked up."""


class WordList:
    """Words by their share of all words written. Looks many up at once.

    The words are one sorted array of bytes: a dictionary of the same words takes six times the
    memory.
    """

    def __init__(self, counts: Sequence[tuple[str, int]]) -> None:
        ordered = sorted(counts)
        total = sum(count for _, count in ordered) or 1
        self._words = np.array([word.encode("ascii") for word, _ in ordered], f"S{MAX_LETTERS}")
        self._shares = np.array([count / total for _, count in ordered], np.float32)

    def shares(self, words: Sequence[str]) -> NDArray[np.float32]:
        """Returns the share in 0-1 of each word, 0 where it is not in the list.

        The words are in lower case.
        """
        if not len(self._words) or not words:
            return np.zeros(len(words), np.float32)

        wanted = np.array([_key(word) for word in words], f"S{MAX_LETTERS}")
        places = np.minimum(np.searchsorted(self._words, wanted), len(self._words) - 1)
        return np.where(self._words[places] == wanted, self._shares[places], np.float32(0))


@lru_cache(maxsize=1)
def english_words() -> WordList:
    """Returns 82,765 English words with their counts on the web.

    The list comes with SymSpell (Garbe): Google's word counts, for the words that a dictionary
    confirms. Raises SettingsError when the package is not installed.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise SettingsError(
            f"reading the English word list: the package {PACKAGE!r} is not installed; install it"
        )

    counts = []
    for line in Path(spec.origin).with_name(FILE).read_text("utf-8-sig").splitlines():
        word, _, count = line.partition(" ")
        if word.isascii() and word.isalpha() and len(word) <= MAX_LETTERS:
            counts.append((word, int(count)))

    return WordList(counts)


def _key(word: str) -> bytes:
    # numpy cuts a longer value, and what is left might be another word.
    return word.encode("ascii", "replace") if len(word) <= MAX_LETTERS else b""
