"""How alike the wording of a group of rows is, in figures that cost little: the text half of what the gate reads."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from workers.mining.tree import Ints

WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
ASKING = re.compile(
    r"(?:(?:please|hey|hi|hello|ok|okay|so|and|beagle)[, ]+)*(?:can|could|would|will|how|what|what's|whats|where|when"
    r"|why|who|which|is|are|do|does|did|i|i'm|i'd|my|please|show|tell|give|find|set|make|add|get|check|list|create|let"
    r"|help|need|want|book|change|remove|update)\b",
    re.IGNORECASE,
)
RARE_SHARE = 0.2
"""A word in fewer of all rows than this can tell a type."""

BACKGROUND = (12, 25, 50, 100, 200, 400)
DRAWS = 6


class Wording:
    """The words of all rows, counted once; then `of(rows)` says how regular a group's wording is."""

    def __init__(self, texts: Sequence[str], seed: int = 0) -> None:
        tokens = [WORD.findall(text.lower()) for text in texts]
        numbers: dict[str, int] = {}
        self.words = [
            np.array(sorted({numbers.setdefault(word, len(numbers)) for word in row}), np.intp) for row in tokens
        ]
        self.vocabulary = list(numbers)
        self.rows_with = np.bincount(np.concatenate([*self.words, np.zeros(0, np.intp)]), minlength=len(numbers))
        self.rarity = np.log(len(texts) / np.maximum(self.rows_with, 1))
        self.length = np.array([len(row) for row in tokens])
        self._first, self._first_two = _coded([row[:1] for row in tokens]), _coded([row[:2] for row in tokens])
        self._asks = np.array([bool(ASKING.match(text)) for text in texts])
        self._question = np.array(["?" in text for text in texts])
        self._plain = [re.sub(r"\d", "0", text.lower()) for text in texts]
        self._alone = np.array([len(zlib.compress(text.encode("utf-8", "replace"), 6)) for text in self._plain])
        self._usual_length = float(np.median(self.length))
        self._background = self._sample_background(np.random.default_rng(seed))

    def of(self, rows: Ints) -> dict[str, float]:
        """The features of one group; each grows or falls with regularity whatever the group's size."""
        n = len(rows)
        used, counts = np.unique(np.concatenate([self.words[row] for row in rows]), return_counts=True)
        length, total = self.length[rows], max(int(counts.sum()), 2)
        packed = self._packed(rows)
        return {
            **self._overlap(n, used, counts),
            **self._core(rows, used, counts),
            "packed": packed,
            "packed_for_here": packed / float(np.interp(np.log(n), np.log(BACKGROUND), self._background)),
            "variety": float(np.log(max(len(used), 1)) / np.log(total)),
            "length_spread": float(length.std() / max(float(length.mean()), 1.0)),
            "length": float(np.log(length.mean() + 1)),
            "length_for_here": float(np.log((length.mean() + 1) / (self._usual_length + 1))),
            "opening": _disorder(self._first[rows]),
            "opening_pair": _disorder(self._first_two[rows]),
            "asks": float(self._asks[rows].mean()),
            "questions": float(self._question[rows].mean()),
        }

    def _overlap(self, n: int, used: Ints, counts: Ints) -> dict[str, float]:
        """The Jaccard overlap of two rows of the group, on average; plain, and with rare words counting more."""
        pairs = counts * (counts - 1) / (n * (n - 1))
        weight = self.rarity[used]
        shared, both = float(pairs.sum()), 2 * float(counts.sum()) / n
        shared_rare, both_rare = float((pairs * weight).sum()), 2 * float((counts * weight).sum()) / n
        return {
            "overlap": shared / max(both - shared, 1e-9),
            "overlap_rare": shared_rare / max(both_rare - shared_rare, 1e-9),
        }

    def _core(self, rows: Ints, used: Ints, counts: Ints) -> dict[str, float]:
        """How much a few telling words cover the group, and how much of those words' use lies in it."""
        covers, holds = counts / len(rows), counts / self.rows_with[used]
        telling = np.sort(covers * (self.rarity[used] > -np.log(RARE_SHARE)))[::-1][:3]
        own = np.sqrt(covers * holds)
        best = set(used[np.argsort(-own, kind="stable")[:4]].tolist())
        hits = np.array([len(best.intersection(self.words[row].tolist())) for row in rows])
        own = np.sort(own)[::-1][:3]
        return {
            "top_word": float(telling[0]) if len(telling) else 0.0,
            "top_words": float(telling.sum() / 3),
            "own_word": float(own[0]) if len(own) else 0.0,
            "own_words": float(own.sum() / 3),
            "core": float((hits > 0).mean()),
            "core_twice": float((hits > 1).mean()),
        }

    def _packed(self, rows: Ints) -> float:
        """How small the rows get when packed together, against packed one by one."""
        text = "\n".join(sorted(self._plain[row] for row in rows))
        return len(zlib.compress(text.encode("utf-8", "replace"), 6)) / float(self._alone[rows].sum())

    def _sample_background(self, random: np.random.Generator) -> NDArray[np.float64]:
        n = len(self._plain)
        return np.array(
            [
                np.mean([self._packed(random.choice(n, min(size, n), replace=False)) for _ in range(DRAWS)])
                for size in BACKGROUND
            ]
        )


def _coded(openings: Sequence[Sequence[str]]) -> Ints:
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(" ".join(words), len(numbers)) for words in openings], np.intp)


def _disorder(codes: Ints) -> float:
    """Entropy of the values against the most that so many rows can have: 0 all the same, 1 all different."""
    shares = np.unique(codes, return_counts=True)[1] / len(codes)
    return float(-(shares * np.log(shares)).sum() / np.log(max(len(codes), 2)))
