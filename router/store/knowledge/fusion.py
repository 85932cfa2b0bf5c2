"""Merges the ranked lists of a hybrid search: full text, vectors and whole pages."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

LEXICAL_WEIGHT = 0.4
SEMANTIC_WEIGHT = 0.4
PAGE_WEIGHT = 0.2
"""How much each list counts; together 1."""

DEVIATIONS_PER_POINT = 4.0
"""Standard deviations that make a full point, so that one outlier cannot flatten the rest of its
list."""


class RankedChunk(NamedTuple):
    """A chunk in one list, with its document and its score, which holds within the list only."""

    chunk: int
    document: int
    score: float


def merge(
    lexical: Sequence[RankedChunk], semantic: Sequence[RankedChunk], pages: Mapping[int, float]
) -> list[tuple[int, float]]:
    """Returns the chunks of the first two lists with their scores, best first; ties by id.

    A weighted sum of scores that are standardised within each list. `pages` scores whole documents:
    a chunk of a page that fits the question counts more, because short answers under a heading
    often leave out what the page is about.
    """
    scores: dict[int, float] = {}
    documents: dict[int, int] = {}

    for ranked, weight in ((lexical, LEXICAL_WEIGHT), (semantic, SEMANTIC_WEIGHT)):
        levels = _standardise([item.score for item in ranked])
        for item, level in zip(ranked, levels, strict=True):
            scores[item.chunk] = scores.get(item.chunk, 0.0) + weight * level
            documents[item.chunk] = item.document

    # Pages are scaled by the best one, so their weight is a share of it.
    best_page = max(pages.values(), default=0.0)
    if best_page > 0:
        for chunk, document in documents.items():
            scores[chunk] += PAGE_WEIGHT * pages.get(document, 0.0) / best_page

    return sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))


def _standardise(scores: Sequence[float]) -> Sequence[float]:
    """Returns each score's distance from the lowest, in units of several standard deviations.

    If all scores are equal, each counts half a point.
    """
    count = max(1, len(scores))
    mean = sum(scores) / count
    # Scores of BM25 and cosines have different scales; in units of their own spread they compare.
    variance = sum((score - mean) ** 2 for score in scores) / count

    unit = DEVIATIONS_PER_POINT * math.sqrt(variance)
    if unit <= 1e-9:
        return [0.5] * len(scores)

    # The end of the list counts 0: what no list offers is not worse than what it offers last.
    lowest = min(scores)
    return [(score - lowest) / unit for score in scores]
