"""A trained router as arrays: views of a message in, route probabilities and in-scope score out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from router.classifier.arrays import Floats, Rows
from router.classifier.logistic import LinearClassifier
from router.classifier.mixture import Mixture
from router.classifier.neighbours import ExampleIndex, NearestExamples
from router.classifier.scope_gate import ScopeClassifier, scope_features

NEAR_MISS_FROM = 0.6
"""Probability of a near miss from which no route fits. Even odds would turn away one in-scope
message in 25 more of the built-in routes' examples."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the classifier says of each row.

    `probabilities` `(n, classes)` are calibrated, `in_scope` `(n,)` is the probability that any
    route fits, and `nearest` are the most similar examples.
    """

    probabilities: Floats
    in_scope: Floats
    nearest: NearestExamples


@dataclass(frozen=True, slots=True)
class ScoredRows:
    """Views of messages with the logits and the nearest examples that one model has for them."""

    rows: Rows
    logits: Floats
    index: ExampleIndex
    nearest: NearestExamples

    def scope_features(self, temperature: float) -> Floats:
        """Returns the features of the scope classifier, with logits calibrated by `temperature`."""
        return scope_features(self.rows, self.logits / temperature, self.index, self.nearest)


@dataclass(frozen=True, slots=True)
class RouteClassifier:
    """A trained router without names and texts.

    `threshold` is the in-scope score below which a message counts as out of scope. With
    `has_near_misses` the last class of `linear` and `index` is no route: it is what resembles a
    route's messages and no route serves.
    """

    linear: LinearClassifier
    mixture: Mixture
    scope: ScopeClassifier
    index: ExampleIndex
    threshold: float
    has_near_misses: bool = False

    @property
    def nbytes(self) -> int:
        """The memory of its large arrays in bytes."""
        density = self.index.density
        arrays = (
            self.linear.weights,
            self.index.rows,
            self.index.labels,
            self.index.centroids,
            density.mean,
            density.views,
            density.nn_cosine,
            density.class_nn_cosine,
        )
        return sum(array.nbytes for array in arrays)

    def predict(self, rows: Rows) -> Prediction:
        """Returns the prediction for each row of views; no row depends on the others."""
        scored = score_rows(rows, self.linear, self.index)
        votes = self.index.votes(scored.nearest, scored.logits.shape[1])
        probabilities = self.mixture.probabilities(scored.logits, votes)

        features = scored.scope_features(self.mixture.temperature)
        in_scope = self.scope.in_scope(features)
        if self.has_near_misses:
            near_miss = probabilities[:, -1]
            in_scope = np.where(near_miss >= NEAR_MISS_FROM, 0.0, in_scope)
            probabilities = probabilities[:, :-1] / (1 - near_miss + 1e-9)[:, None]

        return Prediction(probabilities, in_scope, scored.nearest)


def score_rows(rows: Rows, linear: LinearClassifier, index: ExampleIndex) -> ScoredRows:
    """Returns the rows with their logits and their nearest examples."""
    return ScoredRows(rows, linear.logits(rows), index, index.nearest(rows))
