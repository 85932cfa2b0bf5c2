import numpy as np
import pytest

from router.classifier.calibration import calibration_error, fit_temperature, softmax, threshold_at


def test_a_temperature_undoes_overconfidence():
    rng = np.random.default_rng(0)
    honest = rng.normal(0, 2, (4000, 5))
    labels = np.array([rng.choice(5, p=row) for row in softmax(honest)])

    assert fit_temperature(honest * 4, labels) == pytest.approx(4, rel=0.1)


def test_without_labels_nothing_is_changed():
    assert fit_temperature(np.empty((0, 3)), np.empty(0, np.int64)) == 1.0


def test_confidence_that_is_always_kept_has_no_error():
    confidence, right = np.full(100, 0.75), np.arange(100) < 75

    assert calibration_error(confidence, right) == pytest.approx(0)


def test_certainty_that_is_always_wrong_has_the_greatest_error():
    assert calibration_error(np.ones(10), np.zeros(10, bool)) == pytest.approx(1)


def test_errors_of_doubt_and_of_certainty_do_not_make_up_for_each_other():
    confidence, right = np.array([0.25] * 10 + [0.75] * 10), np.arange(20) < 10

    assert calibration_error(confidence, right) == pytest.approx(0.75)


def test_a_stated_share_lies_under_the_threshold():
    scores = np.linspace(0, 1, 1001)

    assert (scores < threshold_at(scores, 0.05)).mean() == pytest.approx(0.05, abs=0.002)
