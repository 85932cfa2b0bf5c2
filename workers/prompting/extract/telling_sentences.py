"""Chooses the sentences that say most of what a text says, by their vectors.

A sentence is telling if it is near the others (the degree of LexRank: Erkan and Radev, "LexRank:
Graph-based Lexical Centrality as Salience in Text Summarization", 2004, arxiv.org/abs/1109.2128).
Each further one must differ from those before it (maximal marginal relevance: Carbonell and
Goldstein, "The Use of MMR, Diversity-Based Reranking", 1998).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from router.text.scripts import words_of
from workers.prompting.own_words import NUMBER_WORDS, TIME_WORDS

MAX_READ = 200
"""Sentences of a text that are compared: half a millisecond to two of processor time each."""
REDUNDANCY_WEIGHT = 1.0
"""Weight of the cosine to the nearest chosen sentence beside the centrality.

This number and the next two are the best ones on the dev rows of the route `summarise`. A bonus
for the first sentence, and less for a question, did not help there.
"""
FACT_BONUS = 0.4
"""For a sentence with a figure, a day or a decision."""
SHORT_PENALTY = 0.3
MIN_WORDS = 5
"""Words from which a sentence says something by itself."""
_DECISION = re.compile(
    r"\b(?:decid\w+|decision|agree[ds]?|approv\w+|chose|chosen|deadline|due|until|must|has to|"
    r"have to|responsible|open|order(?:ed)?|cost\w*)\b",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"\d")


def places_to_read(count: int) -> list[int]:
    """Returns the places of at most `MAX_READ` of so many sentences: the first and the last."""
    if count <= MAX_READ:
        return list(range(count))

    head = MAX_READ * 2 // 3
    return [*range(head), *range(count - (MAX_READ - head), count)]


def telling_places(sentences: Sequence[str], vectors: NDArray[np.float32], count: int) -> list[int]:
    """Returns the places of at most `count` sentences, in order; `vectors` have unit length."""
    cosines = np.clip(vectors @ vectors.T, 0.0, 1.0).astype(np.float64)
    # A sentence is near itself, which says nothing.
    degrees = (cosines.sum(axis=1) - 1.0) / max(1, len(sentences) - 1)
    highest = max(float(degrees.max(initial=0.0)), 1e-9)
    worth = degrees / highest + np.array([_prior(text) for text in sentences])

    chosen: list[int] = []
    nearest = np.zeros(len(sentences))
    while len(chosen) < min(count, len(sentences)):
        gains = worth - REDUNDANCY_WEIGHT * nearest
        gains[chosen] = -np.inf
        best = int(np.argmax(gains))
        chosen.append(best)
        nearest = np.maximum(nearest, cosines[best])

    return sorted(chosen)


def _prior(text: str) -> float:
    """Returns what the words of a sentence alone say of how telling it is."""
    words = words_of(text)
    prior = 0.0
    has_day = any(word in TIME_WORDS or word in NUMBER_WORDS for word in words)
    if has_day or _DIGIT.search(text) is not None or _DECISION.search(text) is not None:
        prior += FACT_BONUS
    if len(words) < MIN_WORDS:
        prior -= SHORT_PENALTY

    return prior
