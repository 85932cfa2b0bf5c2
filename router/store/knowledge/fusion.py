"""Merges what was found by words, by meaning and by whole pages into one order."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

WORDS, MEANING, PAGE = 0.4, 0.4, 0.2
"""How much each list counts."""
SPREAD = 4.0
"""Standard deviations that make a full point, so that one outlier cannot flatten the rest of its
list."""


class Found(NamedTuple):
    """A piece in a list, with its document and its score there; scores of two lists cannot be compared."""

    chunk: int
    document: int
    score: float


def merge(
    by_words: Sequence[Found], by_meaning: Sequence[Found], pages: Mapping[int, float]
) -> list[tuple[int, float]]:
    """Everything that is in one of the lists, best first, with a score.

    In each list a piece counts by how far it stands above the list's end. A piece whose whole page
    fits the question counts more: short answers under a heading often leave out what the page is
    about.
    """
    scores: dict[int, float] = {}
    documents: dict[int, int] = {}

    for found, weight in ((by_words, WORDS), (by_meaning, MEANING)):
        for one, level in zip(found, _levels([one.score for one in found]), strict=True):
            scores[one.chunk] = scores.get(one.chunk, 0.0) + weight * level
            documents[one.chunk] = one.document

    best = max(pages.values(), default=0.0)
    if best > 0:
        for chunk, document in documents.items():
            scores[chunk] += PAGE * pages.get(document, 0.0) / best

    return sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))


def _levels(scores: Sequence[float]) -> Iterable[float]:
    """Each score's distance from the lowest; of equal scores each counts half a point."""
    mean = sum(scores) / max(1, len(scores))
    spread = SPREAD * math.sqrt(sum((score - mean) ** 2 for score in scores) / max(1, len(scores)))
    if spread <= 1e-9:
        return [0.5] * len(scores)

    lowest = min(scores)
    return [(score - lowest) / spread for score in scores]
