"""Nearest-neighbour features of a message within one class."""

import numpy as np
import pytest

from router.classifier.local_density import CLASS_FEATURES, SHRINKAGE, ClassDensity

# Centred already, so that cosines are those of the rows themselves.
ROWS = np.array([[1, 0], [0.8, 0.6], [-1, 0], [-0.8, -0.6]], np.float32)
LABELS = np.array([0, 0, 1, 1])


@pytest.fixture
def density():
    return ClassDensity.build(ROWS, LABELS, class_count=2, dim=2)


def test_an_example_is_compared_with_the_others_of_its_class(density):
    assert density.nn_cosine[:, 0] == pytest.approx([0.8] * 4, abs=1e-3)


def test_the_mean_of_a_small_class_is_drawn_to_the_mean_of_all():
    rows = np.array([[1, 0], [1, 0], [-0.6, 0.8], [-0.6, -0.8], [-0.8, 0]], np.float32)
    labels = np.array([0, 0, 1, 1, 2])

    density = ClassDensity.build(rows, labels, class_count=3, dim=2)

    overall = density.nn_cosine[:4, 0].mean()
    assert density.nn_cosine[4, 0] == pytest.approx(overall)
    expected = (density.nn_cosine[:2, 0].sum() + SHRINKAGE * overall) / (2 + SHRINKAGE)
    assert density.class_nn_cosine[0, 0] == pytest.approx(expected)


def test_features_tell_how_unusual_a_message_is_in_its_class(density):
    message = np.array([[0.8, 0.6]], np.float32)

    values = density.features(message, np.array([0]))[0]

    features = dict(zip(CLASS_FEATURES, values, strict=True))
    assert features["nearest"] == pytest.approx(1.0, abs=1e-3)
    assert features["mean"] == pytest.approx(0.9, abs=1e-3)
    assert features["excess_over_class"] == pytest.approx(0.2, abs=1e-3)
    assert features["excess_over_neighbour"] == pytest.approx(0.2, abs=1e-3)


def test_a_class_without_examples_gives_no_features(density):
    empty = ClassDensity.build(ROWS, LABELS, class_count=3, dim=2)

    assert not empty.features(ROWS[:1], np.array([2])).any()
