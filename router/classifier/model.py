"""A trained router as arrays: messages in, route probabilities and in-scope score out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from router.classifier.arrays import Floats
from router.classifier.logistic import LinearClassifier
from router.classifier.messages import Messages
from router.classifier.mixture import Mixture, Scores
from router.classifier.neighbours import ExampleIndex, NearestExamples
from router.classifier.scope_gate import ScopeClassifier, scope_features
from router.classifier.words import WordModel

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
class FittedParts:
    """What is fitted to some examples: a regression, an index of them, and their words."""

    linear: LinearClassifier
    index: ExampleIndex
    words: WordModel

    def score(self, messages: Messages) -> ScoredMessages:
        """Returns what the parts say of messages; no message depends on the others."""
        nearest = self.index.nearest(messages.rows)
        logits = self.linear.logits(messages.rows)
        scores = Scores(
            logits,
            self.index.votes(nearest, logits.shape[1]),
            self.words.scores(messages.words),
        )
        return ScoredMessages(messages, scores, self.index, nearest)


@dataclass(frozen=True, slots=True)
class ScoredMessages:
    """Messages with the scores and the nearest examples that one model has for them."""

    messages: Messages
    scores: Scores
    index: ExampleIndex
    nearest: NearestExamples

    def scope_features(self, mixture: Mixture) -> Floats:
        """Returns the features of the scope classifier, with logits calibrated by `mixture`."""
        evidence = mixture.evidence(self.scores)
        return scope_features(self.messages.rows, evidence, self.index, self.nearest)


@dataclass(frozen=True, slots=True)
class RouteClassifier:
    """A trained router without names and texts.

    `threshold` is the in-scope score below which a message counts as out of scope. With
    `has_near_misses` the last class of the parts is no route: it is what resembles a
    route's messages and no route serves.
    """

    parts: FittedParts
    mixture: Mixture
    scope: ScopeClassifier
    threshold: float
    has_near_misses: bool = False

    @property
    def nbytes(self) -> int:
        """The memory of its large arrays in bytes."""
        index, density = self.parts.index, self.parts.index.density
        arrays = (
            self.parts.linear.weights,
            self.parts.words,
            index.rows,
            index.labels,
            index.centroids,
            density.mean,
            density.views,
            density.nn_cosine,
            density.class_nn_cosine,
        )
        return sum(array.nbytes for array in arrays)

    def predict(self, messages: Messages) -> Prediction:
        """Returns the prediction for each message; none depends on the others."""
        scored = self.parts.score(messages)
        probabilities = self.mixture.probabilities(scored.scores)

        features = scored.scope_features(self.mixture)
        in_scope = self.scope.in_scope(features)
        if self.has_near_misses:
            near_miss = probabilities[:, -1]
            in_scope = np.where(near_miss >= NEAR_MISS_FROM, 0.0, in_scope)
            probabilities = probabilities[:, :-1] / (1 - near_miss + 1e-9)[:, None]

        return Prediction(probabilities, in_scope, scored.nearest)
