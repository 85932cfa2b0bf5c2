"""Trains the route classifier: fits it, calibrates it and learns to detect out-of-scope messages.

Everything that is calibrated is measured on messages that the model in question has not seen:
cross-validation for the probabilities and the threshold, hidden routes for the scope classifier.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from router.classifier.arrays import Bools, Floats, Ints, Rows
from router.classifier.calibration import threshold_at
from router.classifier.local_density import CLASS_FEATURES
from router.classifier.logistic import RowSpace
from router.classifier.messages import Messages
from router.classifier.mixture import Mixture, Scores, fit_mixture
from router.classifier.model import NEAR_MISS_FROM, FittedParts, RouteClassifier, ScoredMessages
from router.classifier.neighbours import ExampleIndex
from router.classifier.scope_gate import (
    GLOBAL_FEATURES,
    ScopeClassifier,
    cosine_only,
    fit_scope_classifier,
)
from router.classifier.words import WordModel

FOLDS = 10
"""A model without a tenth of the examples still scores much like the final one. Without a fifth,
thresholds came out too low where examples are few."""
ROUTE_GROUPS = 8
"""Groups of routes that are hidden in turn."""
LARGE = 3000
MANY = 100
"""With more examples than LARGE, or than MANY in the median route, three of the folds and half of
the groups give the same result at less cost."""
LARGE_FOLDS = 3
MIN_ROUTES_TO_HIDE = 3
DEFAULT_THRESHOLD = 0.5
"""The threshold of the in-scope score where there is nothing to measure it on."""
UNCALIBRATED_TEMPERATURE = 0.4
"""The temperature where no message can be held out: routes with names and descriptions alone. The
best one was .35 on the names of CLINC150 and .42 on those of BANKING77."""
HELD_OUT_LOSS = 0.45
"""How much a model of a fold knows less than the final one, in examples of a route.

With n examples a route, the best temperature on new messages was n / (n + .45) times the one that
cross-validation finds: .70, .82, .88, .93 for 1, 2, 3 and 5 on CLINC150 and BANKING77, within .05.
"""
NO_FOLD = -1
"""The fold of rows that are no messages (names and descriptions): always trained on, never held
out."""


@dataclass(frozen=True)
class TrainingArrays:
    """The training data of one classifier.

    `messages` are the examples, `dim` is the width of their first view, `labels` are their classes
    below `class_count`. `is_message` is False for names and descriptions of routes. `out_of_scope`
    are messages that no route fits. `has_near_misses` says that the last class is none: its
    messages resemble a route's, and no route serves them.
    """

    messages: Messages
    labels: Ints
    class_count: int
    dim: int
    is_message: Bools
    out_of_scope: Messages
    has_near_misses: bool = False

    @property
    def rows(self) -> Rows:
        """The views of the examples, `(n, views * dim)`."""
        return self.messages.rows

    def of_routes(self, rows: Ints) -> Ints:
        """Returns those of `rows` that belong to a route."""
        return rows[self.is_of_route[rows]]

    @property
    def is_of_route(self) -> Bools:
        """Which rows belong to a route."""
        if not self.has_near_misses:
            return np.ones(len(self.labels), bool)

        return np.asarray(self.labels < self.class_count - 1)

    @cached_property
    def is_large(self) -> bool:
        """Whether a part of the folds measures as well as all of them."""
        return len(self.labels) > LARGE or self.examples_per_route > MANY

    @cached_property
    def examples_per_route(self) -> float:
        """How many messages the median class has, of those with any; 0 without a message."""
        counts = np.bincount(self.labels[self.is_message], minlength=self.class_count)
        return float(np.median(counts[counts > 0])) if counts.any() else 0.0

    @cached_property
    def row_space(self) -> RowSpace:
        """The space in which classifiers are fitted to subsets of the rows; computed once."""
        return RowSpace.from_rows(self.rows)

    @property
    def feature_count(self) -> int:
        """How many features the scope classifier has for these views."""
        view_count = int(self.rows.shape[1]) // self.dim
        return len(GLOBAL_FEATURES) + len(CLASS_FEATURES) * view_count

    def fit_subset(self, selected: Ints) -> FittedParts:
        """Fits the parts of a model to some of the rows, at least one.

        They number the classes that occur in these rows only, in the same order.
        """
        classes, labels = np.unique(self.labels[selected], return_inverse=True)

        linear = self.row_space.fit(selected, labels, len(classes))
        index = ExampleIndex.build(self.rows[selected], labels, len(classes), self.dim)
        words = WordModel.fit(self.messages.words.take(selected), labels, len(classes))
        return FittedParts(linear, index, words)

    def with_known_class(self, rows: Ints, selected: Ints) -> Ints:
        """Returns those of `rows` whose class occurs in the `selected` rows."""
        return rows[np.isin(self.labels[rows], self.labels[selected])]


@dataclass(frozen=True)
class CrossValidation:
    """Every held-out message as scored by the model of its fold.

    `rows` are their row numbers in the training data, in the order of `folds`, which hold the
    messages fold by fold.
    """

    rows: Ints
    folds: list[ScoredMessages]

    @cached_property
    def scores(self) -> Scores:
        """What the parts say of all these messages."""
        found = [fold.scores for fold in self.folds]
        return Scores(
            np.concatenate([one.logits for one in found]),
            np.concatenate([one.votes for one in found]),
            np.concatenate([one.words for one in found]),
        )

    def scope_features(self, mixture: Mixture) -> Floats:
        """Returns the features of the scope classifier for these messages."""
        return np.concatenate([fold.scope_features(mixture) for fold in self.folds])


def fit_route_classifier(data: TrainingArrays, seed: int, false_reject: float) -> RouteClassifier:
    """Returns the classifier; the same input gives the same bits on the same machine.

    `false_reject` is the share of in-scope messages that may be taken for out of scope.
    """
    parts = data.fit_subset(np.arange(len(data.labels)))

    validation = cross_validate(data, seed)
    if validation is None:
        uncalibrated = Mixture(UNCALIBRATED_TEMPERATURE)
        scope = cosine_only(data.feature_count)
        return RouteClassifier(parts, uncalibrated, scope, DEFAULT_THRESHOLD, data.has_near_misses)

    mixture = fit_mixture(validation.scores, data.labels[validation.rows])
    scope = fit_scope_on_hidden_routes(data, seed, mixture)
    mixture = replace(mixture, final_temperature=mixture.final_temperature * _gain(data))

    scores = scope.in_scope(validation.scope_features(mixture))
    if data.has_near_misses:
        # What is taken for a near miss is turned away, too: both together hold the false rejects.
        near_miss = mixture.probabilities(validation.scores)[:, -1]
        scores = np.where(near_miss >= NEAR_MISS_FROM, 0.0, scores)

    threshold = threshold_at(scores[data.is_of_route[validation.rows]], false_reject)
    return RouteClassifier(parts, mixture, scope, threshold, data.has_near_misses)


def _gain(data: TrainingArrays) -> float:
    """Returns the factor of the temperature for what the final model knows more than the folds'."""
    return data.examples_per_route / (data.examples_per_route + HELD_OUT_LOSS)


def cross_validate(data: TrainingArrays, seed: int) -> CrossValidation | None:
    """Scores each message by a model that was fitted without its fold (k-fold cross-validation).

    Where a message is alone in its route, its fold is left out. Returns None when that leaves none.
    """
    fold_of = assign_folds(data, seed, FOLDS)
    fold_count = LARGE_FOLDS if data.is_large else FOLDS

    rows = []
    folds = []

    for fold in range(fold_count):
        selected = np.flatnonzero(fold_of != fold)
        held_out = np.flatnonzero(fold_of == fold)

        # Logits of different folds are only comparable where each model knows every class.
        knows_all = len(np.unique(data.labels[selected])) == data.class_count
        if not len(held_out) or not knows_all:
            continue

        parts = data.fit_subset(selected)
        rows.append(held_out)
        folds.append(parts.score(data.messages.take(held_out)))

    if not folds:
        return None

    return CrossValidation(np.concatenate(rows), folds)


def fit_scope_on_hidden_routes(
    data: TrainingArrays, seed: int, mixture: Mixture
) -> ScopeClassifier:
    """Fits the scope classifier on messages of routes that were hidden from the model.

    Nobody can collect examples of everything that is out of scope. So groups of routes are left out
    in turn: their messages are out of scope for a model of the remaining routes, while held-out
    messages of those remain in scope. With too few routes to
    hide any, the classifier uses only the cosine to the nearest example.
    """
    group_count = ROUTE_GROUPS // 2 if data.is_large else ROUTE_GROUPS
    group_count = min(group_count, data.class_count)

    if data.class_count < MIN_ROUTES_TO_HIDE:
        return cosine_only(data.feature_count)

    group_of = np.random.default_rng(seed).permutation(data.class_count) % group_count
    fold_of = assign_folds(data, seed + 1, max(group_count, ROUTE_GROUPS))
    features = []
    is_in_scope = []

    for group in range(group_count):
        is_hidden = group_of[data.labels] == group
        selected = np.flatnonzero(~is_hidden & (fold_of != group))
        held_out = data.with_known_class(np.flatnonzero(~is_hidden & (fold_of == group)), selected)
        held_out = data.of_routes(held_out)
        hidden = data.of_routes(np.flatnonzero(is_hidden & data.is_message))
        if not len(held_out) or not len(hidden):
            continue

        parts = data.fit_subset(selected)
        asked = data.messages.take(np.concatenate([held_out, hidden]))
        asked = asked.followed_by(data.out_of_scope)
        features.append(parts.score(asked).scope_features(mixture))
        is_in_scope.append((np.arange(len(asked)) < len(held_out)).astype(float))

    if not features:
        return cosine_only(data.feature_count)

    return fit_scope_classifier(np.concatenate(features), np.concatenate(is_in_scope))


def assign_folds(data: TrainingArrays, seed: int, fold_count: int) -> Ints:
    """Returns the fold of each message, stratified by class and shuffled by `seed`.

    Rows that are no messages get NO_FOLD.
    """
    rng = np.random.default_rng(seed)
    fold_of = np.full(len(data.labels), NO_FOLD)
    offset = 0

    for label in range(data.class_count):
        members = rng.permutation(np.flatnonzero((data.labels == label) & data.is_message))
        # Each class goes on where the one before ended, so that small classes do not all fill
        # the first folds.
        fold_of[members] = (np.arange(len(members)) + offset) % fold_count
        offset += len(members)

    return fold_of
