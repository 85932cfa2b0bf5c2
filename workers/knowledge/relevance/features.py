"""What the ranking model looks at: how passages and their lines match a question's words.

Each term of the question is compared with every word of a passage. Words with one stem match
exactly; for all others the cosine of their vectors counts. The best match of each term is summed,
weighted by how rare the term is (late interaction, as in ColBERT; Khattab and Zaharia, 2020).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from router.index import Hit
from router.text.scripts import words_of
from router.text.terms import MAX_TERMS, STOP_WORDS, stem
from workers.knowledge.passage_units import Unit, passage_units
from workers.knowledge.relevance.question_words import (
    ASKING_WORDS,
    absent_weight,
    asks_number,
    has_number,
    names_in,
)
from workers.knowledge.relevance.word_vectors import WordVectors

Floats = NDArray[np.float32]

MAX_UNITS = 60
"""Units of a passage that are looked at; one of 180 words has fewer, unless it is a price list."""
MAX_CHARS = 6000
_PASSAGE_FEATURES = """
score relative_score semantic_rank body heading path body_or_path soft_body soft_heading
soft_path soft_body_or_path line soft_line line_or_path soft_line_or_path word_pairs similarity
"""
PASSAGE_FEATURES = tuple(_PASSAGE_FEATURES.split())
"""In order: the index's score, absolutely and as a share of the best; the reciprocal rank by
meaning; the share of the question's weight that the words match exactly, and by their vectors, in
the text, in its last heading, in all headings, in both; the same for the best line; the share
of neighbouring words of the question that are neighbours in the text; and the cosine of their
vectors, not a number where it is unknown."""
_LINE_FEATURES = """
line soft_line line_or_path soft_line_or_path number
"""
LINE_FEATURES = tuple(_LINE_FEATURES.split())


@dataclass(frozen=True, slots=True)
class PassageMatch:
    """A passage's features and, for each of its units, the unit and its features."""

    features: Floats
    units: Sequence[Unit]
    lines: Floats


class _Words:
    """The distinct words of a question and its passages, by number, as rows to compare."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def numbers_of(self, text: str) -> list[int]:
        """Returns the number of each distinct word of the text."""
        numbers = []
        for word in dict.fromkeys(words_of(text[:MAX_CHARS])):
            numbers.append(self.numbers.setdefault(word, len(self.numbers)))

        return numbers


def question_terms(question: str) -> list[str]:
    """Returns the distinct words of a question that say what it is about."""
    words = list(dict.fromkeys(words_of(question)))
    terms = [word for word in words if word not in STOP_WORDS and word not in ASKING_WORDS]
    return (terms or words)[:MAX_TERMS]


def match_passages(question: str, hits: Sequence[Hit], vectors: WordVectors) -> list[PassageMatch]:
    """Returns the features of each passage, in order. All weights are shares of the question's."""
    terms = question_terms(question)
    if not terms or not hits:
        return [_no_match() for _ in hits]

    words = _Words()
    texts = [_PassageWords.read(hit, words) for hit in hits]
    names = {word for name in names_in(question) for word in words_of(name)}
    similarity = _similarity(terms, names, list(words.numbers), vectors)
    exact = similarity >= 1.0

    # Rare among the passages, for exact matches; rare in the language, for the others.
    holding = np.zeros(len(terms))
    for text in texts:
        holding += exact[:, text.all].any(1)
    rare_here = np.log(1 + len(hits) / np.maximum(holding, 1))
    rare = vectors.idf(terms).astype(np.float64)
    _weaken_absent(terms, names, holding, rare_here)
    # A word with a vector may still be meant by another word of the text.
    _weaken_absent(terms, names, holding + similarity.max(1), rare)
    measure = _Measure(exact, similarity, _shares(rare_here), _shares(rare))

    pairs = _stem_pairs(question)
    best_score = max(hit.score for hit in hits) or 1.0
    wants_number = asks_number(question)
    matches = []
    for hit, text in zip(hits, texts, strict=True):
        lines = text.line_features(measure, wants_number=wants_number)
        best = lines[int(np.argmax(lines[:, :4].sum(1)))][:4] if len(lines) else np.zeros(4)
        held = len(pairs & _stem_pairs(hit.body)) / len(pairs) if pairs else 0.0
        semantic = 1 / (2 + hit.semantic) if hit.semantic else 0.0
        cosine = math.nan if hit.similarity is None else hit.similarity
        index = [hit.score, hit.score / best_score, semantic]
        features = np.array([*index, *text.features(measure), *best, held, cosine], np.float32)
        matches.append(PassageMatch(features, text.units, lines))

    return matches


@dataclass(frozen=True, slots=True)
class _Measure:
    """How well each word matches each term, `(terms, words)`, and what each term weighs."""

    exact: NDArray[np.bool_]
    similarity: Floats
    rare_here: NDArray[np.float64]
    rare: NDArray[np.float64]

    def exactly(self, *parts: Sequence[int]) -> float:
        """Returns the share (0-1) of the terms' weight that words of these parts match."""
        numbers = [number for part in parts for number in part]
        if not numbers:
            return 0.0

        return float(self.rare_here @ self.exact[:, numbers].any(1))

    def softly(self, *parts: Sequence[int]) -> float:
        """Returns the mean similarity of each term to its nearest word of these parts."""
        numbers = [number for part in parts for number in part]
        if not numbers:
            return 0.0

        return float(self.rare @ self.similarity[:, numbers].max(1))


@dataclass(frozen=True, slots=True)
class _PassageWords:
    """A passage's words, by their numbers: of its headings, of its text and of each unit."""

    heading: Sequence[int]
    path: Sequence[int]
    body: Sequence[int]
    all: Sequence[int]
    units: Sequence[Unit]
    unit_words: Sequence[Sequence[int]]

    @classmethod
    def read(cls, hit: Hit, words: _Words) -> _PassageWords:
        """Splits a passage into its units and counts their words."""
        body = words.numbers_of(hit.body)
        path = words.numbers_of(hit.title)
        heading = words.numbers_of(hit.title.rsplit(" > ", 1)[-1])
        units = passage_units(hit.body)[:MAX_UNITS]
        unit_words = [words.numbers_of(f"{unit.lead} {unit.text}") for unit in units]
        return cls(heading, path, body, [*body, *path], units, unit_words)

    def features(self, measure: _Measure) -> list[float]:
        """Returns the shares that are matched in the text and its headings."""
        exact = [measure.exactly(part) for part in (self.body, self.heading, self.path, self.all)]
        soft = [measure.softly(part) for part in (self.body, self.heading, self.path, self.all)]
        return [*exact, *soft]

    def line_features(self, measure: _Measure, *, wants_number: bool) -> Floats:
        """Returns `(units, 5)`: the shares that each unit matches, and whether it has a number."""
        rows = np.zeros((len(self.units), len(LINE_FEATURES)), np.float32)
        for row, (unit, words) in enumerate(zip(self.units, self.unit_words, strict=True)):
            rows[row] = (
                measure.exactly(words),
                measure.softly(words),
                measure.exactly(words, self.path),
                measure.softly(words, self.path),
                wants_number and has_number(unit.text),
            )

        return rows


def _similarity(
    terms: Sequence[str], names: Collection[str], words: Sequence[str], vectors: WordVectors
) -> Floats:
    """Returns `(terms, words)`: 1 for words of one stem, else the cosine, at least 0.

    A name is matched by itself alone: Madrid and Berlin are alike, and no answer for each other.
    """
    similarity = np.clip(vectors.vectors(terms) @ vectors.vectors(words).T, 0.0, 0.999)
    similarity[[term in names for term in terms]] = 0.0
    by_stem: dict[str, list[int]] = {}
    for number, word in enumerate(words):
        by_stem.setdefault(stem(word), []).append(number)
    for row, term in enumerate(terms):
        similarity[row, by_stem.get(stem(term), [])] = 1.0

    return np.asarray(similarity, np.float32)


def _weaken_absent(
    terms: Sequence[str],
    names: Collection[str],
    holding: NDArray[np.float64],
    weights: NDArray[np.float64],
) -> None:
    """Lowers the weights of terms that nothing holds: they are the rarest, and must not decide."""
    for row, term in enumerate(terms):
        if holding[row] <= 0:
            weights[row] *= absent_weight(term, names)


def _stem_pairs(text: str) -> set[tuple[str, str]]:
    stems = [stem(word) for word in words_of(text[:MAX_CHARS])]
    return set(pairwise(stems))


def _shares(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    total = float(weights.sum())
    return weights / total if total > 0 and math.isfinite(total) else weights


def _no_match() -> PassageMatch:
    zeros = np.zeros(len(PASSAGE_FEATURES), np.float32)
    return PassageMatch(zeros, (), np.zeros((0, len(LINE_FEATURES)), np.float32))
