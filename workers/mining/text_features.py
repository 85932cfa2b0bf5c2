"""How alike the wording of a group of rows is, in figures that cost little: the text half of what the gate reads."""

from __future__ import annotations

import re
import zlib
from array import array
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from workers.mining.linkage import Ints

WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
ASKING = re.compile(
    r"(?:(?:please|hey|hi|hello|ok|okay|so|and|beagle)[, ]+)*(?:can|could|would|will|how|what|what's|whats|where|when"
    r"|why|who|which|is|are|do|does|did|i|i'm|i'd|my|please|show|tell|give|find|set|make|add|get|check|list|create|let"
    r"|help|need|want|book|change|remove|update)\b",
    re.IGNORECASE,
)
RARE_SHARE = 0.2
"""A word in fewer of all rows than this can tell a type."""

DIGITS = str.maketrans("123456789", "0" * 9)
MOST_READ = 400
"""Rows of one group whose wording is read."""

FOR_HERE = (
    *("packed", "overlap", "variety", "length", "length_spread"),
    *("opening", "opening_pair", "asks", "questions"),
)
BACKGROUND = (12, 25, 50, 100, 200, 400)
DRAWS = 6


class Wording:
    """The words of all rows, counted once; then `of(rows)` says how regular a group's wording is."""

    def __init__(self, texts: Sequence[str], seed: int = 0) -> None:
        self._texts = texts
        numbers: dict[str, int] = {}
        first, first_two = dict[str, int](), dict[str, int]()
        words, ends, length = array("i"), array("q", [0]), array("i")
        openings, pairs = array("i"), array("i")

        for text in texts:
            row = WORD.findall(text.lower())
            words.extend(sorted({numbers.setdefault(word, len(numbers)) for word in row}))
            ends.append(len(words))
            length.append(len(row))
            openings.append(first.setdefault(" ".join(row[:1]), len(first)))
            pairs.append(first_two.setdefault(" ".join(row[:2]), len(first_two)))

        self._words, self._ends = np.array(words, np.int32), np.array(ends, np.int64)
        self.length, self._first, self._first_two = (
            np.array(length),
            np.array(openings),
            np.array(pairs),
        )

        self.rows_with = np.bincount(self._words, minlength=len(numbers))
        self.rarity = np.log(len(texts) / np.maximum(self.rows_with, 1))
        self._alone = np.zeros(len(texts), np.int32)
        self._plain: dict[int, str] = {}
        self._asks = np.full((len(texts), 2), -1, np.int8)
        self._background = self._sample_background(np.random.default_rng(seed))

    def of(self, rows: Ints) -> dict[str, float]:
        """The features of one group; each grows or falls with regularity whatever the group's size.

        Those that end in `_for_here` are measured against as many rows drawn by chance. Of a very
        large group an even sample is read.
        """
        rows = rows[:: -(-len(rows) // MOST_READ)]
        own, size = self._read(rows), np.log(len(rows))
        usual = {
            name: float(np.interp(size, np.log(BACKGROUND), self._background[name]))
            for name in FOR_HERE
        }

        return {
            **own,
            **{f"{name}_for_here": own[name] - usual[name] for name in FOR_HERE},
            "packed_for_here": own["packed"] / usual["packed"],
        }

    def _read(self, rows: Ints) -> dict[str, float]:
        n, asks = len(rows), self._asking(rows)
        row_of, words = self._words_of(rows)
        used, places, counts = np.unique(words, return_inverse=True, return_counts=True)
        length, total = self.length[rows], max(int(counts.sum()), 2)

        return {
            **self._overlap(n, used, counts),
            **self._core(row_of, used, places, counts, n),
            "packed": self._packed(rows),
            "variety": float(np.log(max(len(used), 1)) / np.log(total)),
            "length_spread": float(length.std() / max(float(length.mean()), 1.0)),
            "length": float(np.log(length.mean() + 1)),
            "opening": _disorder(self._first[rows]),
            "opening_pair": _disorder(self._first_two[rows]),
            "asks": float(asks[0]),
            "questions": float(asks[1]),
        }

    def _words_of(self, rows: Ints) -> tuple[Ints, Ints]:
        """The words of these rows one after the other, and of each word whose it is, as a position in `rows`."""
        start, count = self._ends[rows], self._ends[rows + 1] - self._ends[rows]
        row_of = np.repeat(np.arange(len(rows)), count)
        before = np.cumsum(count) - count

        return row_of, self._words[np.arange(len(row_of)) + (start - before)[row_of]]

    def _overlap(self, n: int, used: Ints, counts: Ints) -> dict[str, float]:
        """The Jaccard overlap of two rows of the group, on average; plain, and with rare words counting more."""
        pairs = counts * (counts - 1) / (n * (n - 1))
        weight = self.rarity[used]
        shared, both = float(pairs.sum()), 2 * float(counts.sum()) / n
        shared_rare, both_rare = (
            float((pairs * weight).sum()),
            2 * float((counts * weight).sum()) / n,
        )

        return {
            "overlap": shared / max(both - shared, 1e-9),
            "overlap_rare": shared_rare / max(both_rare - shared_rare, 1e-9),
        }

    def _core(
        self, row_of: Ints, used: Ints, places: Ints, counts: Ints, n: int
    ) -> dict[str, float]:
        """How much a few telling words cover the group, and how much of those words' use lies in it.

        `row_of` and `places` say of each word of each row whose it is, and where it stands in
        `used`.
        """
        covers, holds = counts / n, counts / self.rows_with[used]
        telling = np.sort(covers * (self.rarity[used] > -np.log(RARE_SHARE)))[::-1][:3]
        own = np.sqrt(covers * holds)
        best = np.zeros(len(used), bool)
        best[np.argsort(-own, kind="stable")[:4]] = True
        hits = np.bincount(row_of, weights=best[places], minlength=n)
        own = np.sort(own)[::-1][:3]

        return {
            "top_word": float(telling[0]) if len(telling) else 0.0,
            "top_words": float(telling.sum() / 3),
            "own_word": float(own[0]) if len(own) else 0.0,
            "own_words": float(own.sum() / 3),
            "core": float((hits > 0).mean()),
            "core_twice": float((hits > 1).mean()),
        }

    def _asking(self, rows: Ints) -> NDArray[np.floating]:
        """The shares of rows that open like a request, and that hold a question mark."""
        for row in rows[self._asks[rows, 0] < 0]:
            text = self._texts[row]
            self._asks[row] = ASKING.match(text) is not None, "?" in text

        return np.asarray(self._asks[rows].mean(0))

    def _packed(self, rows: Ints) -> float:
        """How small the rows get when packed together, against packed one by one."""
        for row in rows[self._alone[rows] == 0].tolist():
            self._plain[row] = self._texts[row].lower().translate(DIGITS)
            self._alone[row] = _pack(self._plain[row])

        together = "\n".join(sorted(map(self._plain.__getitem__, rows.tolist())))
        return _pack(together) / float(self._alone[rows].sum())

    def _sample_background(self, random: np.random.Generator) -> dict[str, NDArray[np.float64]]:
        """What groups of each size in BACKGROUND look like when their rows are drawn by chance."""
        n, found = len(self._texts), []
        for size in BACKGROUND:
            drawn = [
                self._read(np.sort(random.choice(n, min(size, n), replace=False)))
                for _ in range(DRAWS)
            ]
            found.append([np.mean([each[name] for each in drawn]) for name in FOR_HERE])

        return dict(zip(FOR_HERE, np.array(found).T, strict=True))


def _pack(text: str) -> int:
    return len(zlib.compress(text.encode("utf-8", "replace"), 6))


def _disorder(codes: Ints) -> float:
    """Entropy of the values against the most that so many rows can have: 0 all the same, 1 all different."""
    shares = np.unique(codes, return_counts=True)[1] / len(codes)
    return float(-(shares * np.log(shares)).sum() / np.log(max(len(codes), 2)))
