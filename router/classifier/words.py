"""Naive Bayes on the words of a message, beside the vectors of what it means.

An encoder reads "note that the boiler is serviced" as a message about a boiler; that it is an order
to take a note stands in two words. How often the routes' examples use a word, or two in a row, says
so. Of 1,867 messages by people who had written no example of the built-in routes, 89.8 % go to the
right route with the words and 77.5 % without (`beagle eval authors`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from zlib import crc32

import numpy as np

from router.classifier.arrays import Floats, Ints, Rows

MAX_CHARS = 1000
"""The beginning of a text says what is wanted; the rest is what it is wanted for."""
BUCKETS = 1 << 20
"""Words are kept as numbers below this, so that a saved router holds none of them. Two words of a
route's examples seldom share a number."""
PRIOR_WORDS = 300.0
"""How many words of all classes are added to those that a class has (a Dirichlet prior): what a
class of a few examples has not used yet says next to nothing against it, what one of hundreds has
never used says much. Between 100 and 1000 the results differ by .5 points."""
_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*|[?:]")
_DIGIT = re.compile(r"\d")
_START = "^"


@dataclass(frozen=True, slots=True)
class WordRows:
    """The words of some messages, and each two in a row, as numbers; each counts once a message.

    The message in row i has the `ids` from `starts[i]` up to `starts[i + 1]`.
    """

    ids: Ints
    starts: Ints

    @classmethod
    def read(cls, texts: Sequence[str]) -> WordRows:
        """Returns the words of texts as they are read, mended and normalised."""
        found = [_word_ids(text) for text in texts]
        starts = np.cumsum([0, *map(len, found)])
        return cls(np.array([one for ids in found for one in ids], np.int64), starts)

    def __len__(self) -> int:
        return len(self.starts) - 1

    def take(self, selected: Ints) -> WordRows:
        """Returns the rows of these numbers, in their order."""
        places, lengths = _ranges(self.starts, selected)
        return WordRows(self.ids[places], np.concatenate([[0], np.cumsum(lengths)]))

    @property
    def row_of(self) -> Ints:
        """The row of each of the ids."""
        return np.repeat(np.arange(len(self)), np.diff(self.starts))


@dataclass(frozen=True, slots=True)
class WordModel:
    """What each word says of each class, as the logarithm of a ratio of probabilities.

    The word `ids[i]`, of ascending numbers, occurs in the `classes` from `starts[i]` up to
    `starts[i + 1]`. There it raises the score by the `gains`, from what it is in a class that never
    uses the word and others do: `unused`, one for each class.
    """

    ids: Ints
    starts: Ints
    classes: Ints
    gains: Rows
    unused: Rows

    @classmethod
    def fit(cls, words: WordRows, labels: Ints, class_count: int) -> WordModel:
        """Returns the model of messages and their classes, below `class_count`.

        Its size is that of the pairs of a word and a class in which it occurs.
        """
        pairs = words.ids * class_count + np.repeat(labels, np.diff(words.starts))
        pairs, counts = np.unique(pairs, return_counts=True)
        of_pair, classes = np.divmod(pairs, class_count)
        ids, starts = np.unique(of_pair, return_index=True)

        # How often each class uses each word, and how often all do, every class alike.
        totals = np.bincount(classes, weights=counts, minlength=class_count)
        used = counts / np.maximum(totals, 1)[classes]
        place = np.searchsorted(ids, of_pair)
        by_all = np.bincount(place, weights=used, minlength=len(ids)) / class_count

        # P(word | class) / P(word) = (n / P(word) + prior) / (total + prior).
        gains = np.log1p(counts / by_all[place] / PRIOR_WORDS).astype(np.float32)
        unused = np.log(PRIOR_WORDS / (totals + PRIOR_WORDS)).astype(np.float32)
        return cls(ids, np.concatenate([starts, [len(pairs)]]), classes, gains, unused)

    @property
    def nbytes(self) -> int:
        """The memory of its arrays in bytes."""
        return sum(array.nbytes for array in (self.ids, self.starts, self.classes, self.gains))

    def scores(self, words: WordRows) -> Floats:
        """Returns `(n, classes)`: the log-likelihood of each class, against all of them.

        Words that no class uses count for none.
        """
        place = np.searchsorted(self.ids, words.ids)
        place[place == len(self.ids)] = 0
        is_known = self.ids[place] == words.ids if len(self.ids) else np.zeros(0, bool)
        row, place = words.row_of[is_known], place[is_known]

        class_count = len(self.unused)
        known = np.bincount(row, minlength=len(words))
        entries, lengths = _ranges(self.starts, place)
        cells = np.repeat(row, lengths) * class_count + self.classes[entries]
        gained = np.bincount(cells, weights=self.gains[entries], minlength=len(words) * class_count)
        scores = known[:, None] * self.unused + gained.reshape(len(words), class_count)
        return np.asarray(scores, np.float64)


def _word_ids(text: str) -> Sequence[int]:
    plain = _DIGIT.sub("0", text[:MAX_CHARS].casefold())
    words = [_START, *_WORD.findall(plain)]
    parts = [*words[1:], *map(" ".join, pairwise(words))]
    return sorted({crc32(part.encode()) % BUCKETS for part in parts})


def _ranges(starts: Ints, selected: Ints) -> tuple[Ints, Ints]:
    """Returns the places of the selected ranges, one range behind the other, and their lengths."""
    lengths = starts[selected + 1] - starts[selected]
    ends = np.cumsum(lengths)
    offsets = np.repeat(starts[selected] - (ends - lengths), lengths)
    return np.arange(len(offsets)) + offsets, lengths
