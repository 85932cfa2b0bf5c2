"""The scope gate: whether any route fits a message."""

import numpy as np
import pytest

from router.classifier.neighbours import ExampleIndex
from router.classifier.scope_gate import (
    GLOBAL_FEATURES,
    MIN_ROWS_FOR_INTERACTIONS,
    ScopeClassifier,
    cosine_only,
    fit_scope_classifier,
    scope_features,
)


@pytest.fixture
def index():
    """Two classes of two examples each in a plane."""
    rows = np.array([[1, 0], [0.8, 0.6], [0, 1], [-0.6, 0.8]], np.float32)
    return ExampleIndex.build(rows, np.array([0, 0, 1, 1]), class_count=2, dim=2)


def feature(features, name):
    return features[:, GLOBAL_FEATURES.index(name)]


def test_the_margin_is_the_distance_to_the_runner_up(index):
    rows = np.array([[1, 0], [0, 1]], np.float32)
    logits = np.log(np.array([[0.7, 0.3], [0.1, 0.9]]))

    features = scope_features(rows, logits, index, index.nearest(rows))

    assert feature(features, "margin") == pytest.approx([0.4, 0.8])


def test_features_describe_the_likeliest_class(index):
    rows = np.array([[1, 0]], np.float32)
    logits = np.log(np.array([[0.7, 0.3]]))

    features = scope_features(rows, logits, index, index.nearest(rows))

    assert feature(features, "nearest") == pytest.approx([1.0])
    assert feature(features, "centroid") == pytest.approx([index.centroids[0, 0]])
    assert feature(features, "log_confidence") == pytest.approx([np.log(0.7)])


def test_a_feature_beyond_four_deviations_says_no_more():
    scope = ScopeClassifier(np.zeros(1), np.ones(1), np.ones(1), 0.0)

    at_limit, beyond, far_beyond = scope.in_scope(np.array([[4.0], [5.0], [300.0]]))

    assert beyond == far_beyond == at_limit
    assert at_limit < 0.99


def test_without_training_only_the_cosine_counts():
    scope = cosine_only(feature_count=9)
    rows = np.zeros((3, 9))
    rows[:, GLOBAL_FEATURES.index("nearest")] = [0.2, 0.4, 0.6]
    rows[:, GLOBAL_FEATURES.index("entropy")] = [5, -5, 5]

    low, middle, high = scope.in_scope(rows)

    assert low < middle < high
    assert middle == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("count", "columns"), [(200, 2), (MIN_ROWS_FOR_INTERACTIONS, 2 + 3)], ids=["few", "many"]
)
def test_products_of_features_count_where_there_are_many_rows(count, columns):
    features = np.random.default_rng(0).normal(size=(count, 2))
    # In scope where both features have the same sign: no sum of the two can say that.
    in_scope = (features[:, 0] * features[:, 1] > 0).astype(float)

    scope = fit_scope_classifier(features, in_scope)

    assert len(scope.weights) == columns
    is_right = (scope.in_scope(features) > 0.5) == (in_scope > 0)
    assert (is_right.mean() > 0.9) == (columns > 2)
