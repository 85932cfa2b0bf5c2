"""Out-of-scope detection: the probability that any route fits a message at all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from router.classifier.arrays import Floats, Rows
from router.classifier.calibration import softmax
from router.classifier.logistic import fit_binary, sigmoid
from router.classifier.neighbours import ExampleIndex, NearestExamples

GLOBAL_FEATURES = (
    "nearest",
    "nearest_five",
    "centroid",
    "energy",
    "log_confidence",
    "margin",
    "entropy",
)
"""The features that do not depend on the number of encoder views; those of `ClassDensity` follow.

The first three are cosines that keep what all routes share: a message about something else
altogether lacks just that. The others are the usual out-of-distribution scores of a softmax
classifier: energy (Liu et al., 2020), maximum probability, margin and entropy.
"""
UNKNOWN_COSINE = 0.4
"""Cosine to the nearest example at which a message is as likely out of scope as in scope, where
there are too few routes to learn it."""
SLOPE = 16.0
"""Change of log-odds over a cosine of 1, in the same case."""
RIDGE = 30.0
INTERACTION_RIDGE = 100.0
"""The features are strongly correlated: a large L2 penalty spreads the weight over them, and a
larger one over their products."""
MIN_ROWS_FOR_INTERACTIONS = 5000
"""Rows from which products of features help; with fewer they overfit."""
MAX_DEVIATIONS = 4.0
"""Standard deviations at which a feature is clipped, so that no single one decides."""


@dataclass(frozen=True, slots=True)
class ScopeClassifier:
    """A binary logistic regression on standardised features: in scope or not.

    `center` and `scale` are mean and standard deviation of the features. `weights` has one number
    for each feature, or one for each of `interactions` of them.
    """

    center: Floats
    scale: Floats
    weights: Floats
    bias: float

    def in_scope(self, features: Floats) -> Floats:
        """Returns the probability in 0-1 that some route fits, for each row of features."""
        columns = standardise(features, self.center, self.scale)
        if len(self.weights) != len(self.center):
            columns = interactions(columns)

        return sigmoid(columns @ self.weights + self.bias)


def standardise(features: Floats, center: Floats, scale: Floats) -> Floats:
    """Returns z-scores, clipped at `MAX_DEVIATIONS` on either side."""
    scores = (features - center) / scale
    return np.asarray(np.clip(scores, -MAX_DEVIATIONS, MAX_DEVIATIONS), np.float64)


def interactions(columns: Floats) -> Floats:
    """Returns the columns, followed by the product of each two and the square of each.

    How similar is similar enough depends on how far the runner-up is. A sum of single features
    cannot express that.
    """
    first, second = np.triu_indices(columns.shape[1])
    return np.concatenate([columns, columns[:, first] * columns[:, second]], axis=1)


def scope_features(
    rows: Rows, logits: Floats, index: ExampleIndex, nearest: NearestExamples
) -> Floats:
    """Returns `(n, features)`: GLOBAL_FEATURES, then those of each row within its likeliest class.

    `logits` are calibrated, `nearest` are the neighbours of `rows` in `index`.
    """
    each = np.arange(len(rows))
    best = logits.argmax(axis=1)
    probabilities = softmax(logits)
    confidence = probabilities[each, best]

    others = probabilities.copy()
    others[each, best] = 0.0
    margin = confidence - others.max(axis=1)

    vectors = rows[:, : index.rows.shape[1]]
    cosine_to_centroid = np.einsum("ij,ij->i", vectors, index.centroids[best])

    # Energy is logsumexp of the logits; taking the maximum out first keeps exp() from overflowing.
    highest = logits.max(axis=1)
    energy = highest + np.log(np.exp(logits - highest[:, None]).sum(axis=1))

    columns = [
        nearest.cosine[:, 0],
        nearest.cosine[:, :5].mean(axis=1),
        cosine_to_centroid,
        energy,
        np.log(confidence + 1e-9),
        margin,
        -(probabilities * np.log(probabilities + 1e-12)).sum(axis=1),
    ]
    return np.column_stack([*columns, index.density.features(rows, best)])


def cosine_only(feature_count: int) -> ScopeClassifier:
    """Returns a classifier that was not fitted: only the cosine to the nearest example counts."""
    nearest = GLOBAL_FEATURES.index("nearest")
    scale = np.full(feature_count, 0.25)

    center = np.zeros(feature_count)
    center[nearest] = UNKNOWN_COSINE

    weights = np.zeros(feature_count)
    weights[nearest] = SLOPE * scale[nearest]
    return ScopeClassifier(center, scale, weights, 0.0)


def fit_scope_classifier(features: Floats, is_in_scope: Floats) -> ScopeClassifier:
    """Returns the classifier fitted to rows of features; `is_in_scope` is 1 or 0 for each.

    Both classes weigh the same in all. With `MIN_ROWS_FOR_INTERACTIONS` rows it uses products of
    features as well.
    """
    center = features.mean(axis=0)
    scale = features.std(axis=0) + 1e-9

    columns = standardise(features, center, scale)
    feature_count = columns.shape[1]
    if len(columns) >= MIN_ROWS_FOR_INTERACTIONS:
        columns = interactions(columns)
    columns = np.column_stack([columns, np.ones(len(columns))])

    # The last coefficient is the bias, which has hardly any penalty.
    penalty = np.full(columns.shape[1], INTERACTION_RIDGE)
    penalty[:feature_count] = RIDGE
    penalty[-1] = 1e-6

    share = min(max(float(is_in_scope.mean()), 1e-6), 1 - 1e-6)
    weights = np.where(is_in_scope > 0, 0.5 / share, 0.5 / (1 - share))

    coefficients = fit_binary(columns, is_in_scope, penalty, weights=weights)
    return ScopeClassifier(center, scale, coefficients[:-1], float(coefficients[-1]))
