"""Orders passages by how well they answer, and says how sure it is that one of them does."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from router.index import Hit
from workers.knowledge.relevance.features import (
    LINE_FEATURES,
    PASSAGE_FEATURES,
    PassageMatch,
    match_passages,
)
from workers.knowledge.relevance.word_vectors import WordVectors
from workers.knowledge.relevance.work_words import in_words_of

RANKED = 24
"""Passages of the index that are ordered again."""
SUPPORT_FEATURES = (
    "soft_body_or_path",
    "soft_heading",
    "word_pairs",
    "soft_line",
    "soft_line_or_path",
    "similarity",
)
"""What tells whether a passage answers: its words as a whole, its best line, and its meaning."""


@dataclass(frozen=True, slots=True)
class LinearModel:
    """A linear function of standardised features; unknown ones count as their mean."""

    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    weights: NDArray[np.float64]
    bias: float

    @classmethod
    def parse(cls, fields: Mapping[str, list[float] | float]) -> LinearModel:
        """Returns the model of its JSON form."""
        mean, scale, weights = (
            np.array(fields[name], np.float64) for name in ("mean", "scale", "weights")
        )
        return cls(mean, scale, weights, float(np.asarray(fields["bias"])))

    def fields(self) -> dict[str, list[float] | float]:
        """Returns the JSON form that `parse` reads."""
        return {
            "mean": [round(float(value), 6) for value in self.mean],
            "scale": [round(float(value), 6) for value in self.scale],
            "weights": [round(float(value), 6) for value in self.weights],
            "bias": round(self.bias, 6),
        }

    def scores(self, features: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """Returns a number for each row."""
        standardised = np.nan_to_num((features - self.mean) / self.scale)
        scores = standardised @ self.weights + self.bias
        return np.asarray(scores, np.float64)

    def chances(self, features: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """Returns the probability (0-1) of each row, where the model is a logistic regression."""
        return np.asarray(1 / (1 + np.exp(-np.clip(self.scores(features), -30, 30))), np.float64)


@dataclass(frozen=True, slots=True)
class RelevanceModel:
    """The shipped ranking: `beagle eval fit_relevance` writes its files."""

    vectors: WordVectors
    passages: LinearModel
    support: LinearModel
    min_support: float

    @classmethod
    def load(cls, folder: Path) -> RelevanceModel:
        """Returns the model in the files of that folder."""
        fields = json.loads((folder / "ranking.json").read_text("utf-8"))
        return cls(
            WordVectors.load(folder / "words.npz"),
            LinearModel.parse(fields["passages"]),
            LinearModel.parse(fields["support"]),
            float(fields["min_support"]),
        )

    def passage_scores(self, matches: Sequence[PassageMatch]) -> NDArray[np.float64]:
        """Returns how well each passage answers; only their order has a meaning."""
        return self.passages.scores(np.stack([match.features for match in matches]))

    def support_of(self, matches: Sequence[PassageMatch]) -> float:
        """Returns how probable it is (0-1) that the first of these passages answers.

        It is 0 without a line that could be quoted.
        """
        features = support_features(matches)
        if features is None:
            return 0.0

        return float(self.support.chances(features[None])[0])


@cache
def shipped_model() -> RelevanceModel:
    """Returns the model that is part of the package, read once."""
    return RelevanceModel.load(Path(__file__).parent)


def rank_passages(question: str, hits: Sequence[Hit]) -> list[Hit]:
    """Returns the hits in the order in which they answer the question, with new scores."""
    if not hits:
        return []

    model, question = shipped_model(), in_words_of(hits, question)
    scores = model.passage_scores(match_passages(question, hits, model.vectors))
    ranked = [replace(hit, score=float(s)) for hit, s in zip(hits, scores, strict=True)]
    return sorted(ranked, key=lambda hit: -hit.score)


def support_features(matches: Sequence[PassageMatch]) -> NDArray[np.float32] | None:
    """Returns the features of the first passage that has lines; None if none has any."""
    for match in matches:
        if len(match.lines):
            best = match.lines[int(np.argmax(match.lines[:, :4].sum(1)))]
            row = dict(zip(PASSAGE_FEATURES, match.features, strict=True))
            row |= dict(zip(LINE_FEATURES, best, strict=True))
            return np.array([row[name] for name in SUPPORT_FEATURES], np.float32)

    return None
