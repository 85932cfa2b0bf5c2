"""Both logistic regression solvers, compared with scikit-learn's."""

import numpy as np
import pytest

from router.classifier.logistic import (
    RowSpace,
    class_weights,
    fit_binary,
    fit_multinomial,
    prior_variance,
    sigmoid,
)


@pytest.fixture
def rng():
    return np.random.default_rng(7)


@pytest.fixture
def classes(rng):
    """Rows of three overlapping classes of different sizes."""
    labels = np.repeat([0, 1, 2], [60, 30, 10])
    centers = rng.normal(0, 1, (3, 6))
    rows = centers[labels] + rng.normal(0, 1, (100, 6))
    return rows.astype(np.float32), labels


@pytest.fixture
def pairs(rng):
    """Rows of two overlapping classes, with a column of ones."""
    rows = np.column_stack([rng.normal(size=(200, 4)), np.ones(200)])
    targets = (rng.random(200) < sigmoid(rows @ [1.0, -2.0, 0.5, 0.0, 0.3])).astype(float)
    return rows, targets


def sklearn_fit(rows, targets, c, sample_weight, fit_intercept):
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=c, fit_intercept=fit_intercept, tol=1e-10, max_iter=10_000)
    return model.fit(rows, targets, sample_weight=sample_weight)


def test_the_multinomial_fit_agrees_with_scikit_learn(classes):
    rows, labels = classes
    weights = class_weights(labels, 3)[labels]

    ours = fit_multinomial(rows, labels, 3).logits(rows)
    theirs = sklearn_fit(rows, labels, prior_variance(len(rows)), weights, True)

    # Only differences of logits mean something: each row is compared without its mean.
    expected = theirs.decision_function(rows)
    assert ours - ours.mean(1, keepdims=True) == pytest.approx(
        expected - expected.mean(1, keepdims=True), abs=0.02
    )


def test_a_warm_start_finds_the_same_classifier_sooner(classes):
    rows, labels = classes
    cold = fit_multinomial(rows, labels, 3)

    warm = fit_multinomial(rows, labels, 3, start=cold)

    assert warm.logits(rows) == pytest.approx(cold.logits(rows), abs=0.02)


def test_fitting_in_the_span_of_the_rows_loses_nothing(rng):
    rows = rng.normal(size=(12, 40)).astype(np.float32)
    labels = np.arange(12) % 3
    selected = np.arange(9)

    reduced = RowSpace.from_rows(rows).fit(selected, labels[selected], 3)
    full = fit_multinomial(rows[selected], labels[selected], 3)

    assert reduced.weights.shape == (40, 3)
    assert reduced.logits(rows) == pytest.approx(full.logits(rows), abs=0.02)


def test_the_binary_fit_agrees_with_scikit_learn(pairs):
    rows, targets = pairs
    weights = np.where(targets > 0, 0.7, 1.4)

    ours = fit_binary(rows, targets, np.full(5, 2.5), weights=weights)
    theirs = sklearn_fit(rows, targets, 1 / 2.5, weights, False)

    assert ours == pytest.approx(theirs.coef_[0], abs=1e-5)


def test_an_offset_takes_the_place_of_coefficients_known_beforehand(pairs):
    rows, targets = pairs
    before = np.array([0.4, 0.1, -0.2, 0.3, 0.0])
    hardly_any = np.full(5, 1e-9)

    alone = fit_binary(rows, targets, hardly_any)
    on_top = fit_binary(rows, targets, hardly_any, offset=rows @ before)

    assert on_top + before == pytest.approx(alone, abs=1e-6)


def test_a_fit_converges_however_wrong_the_offset_is(pairs):
    rows, targets = pairs
    rows = rows * 5
    offset = np.where(targets > 0, -12.0, 12.0)
    penalty = np.full(5, 7.5)

    coefficients = fit_binary(rows, targets, penalty, offset=offset)

    probabilities = sigmoid(offset + rows @ coefficients)
    gradient = rows.T @ (probabilities - targets) + penalty * coefficients
    assert gradient == pytest.approx(np.zeros(5), abs=1e-5)


def test_a_large_penalty_holds_its_coefficient_at_zero(pairs):
    rows, targets = pairs
    penalty = np.array([1.0, 1e9, 1.0, 1.0, 1.0])

    coefficients = fit_binary(rows, targets, penalty)

    assert abs(coefficients[1]) < 1e-6
    assert abs(coefficients[0]) > 0.3


def test_log_odds_of_any_size_are_probabilities():
    extreme = sigmoid(np.array([-1e9, 0.0, 1e9]))

    assert extreme == pytest.approx([0, 0.5, 1])
