"""Temperature scaling, expected calibration error, and thresholds for a stated error rate."""

from __future__ import annotations

import numpy as np

from router.classifier.arrays import Bools, Floats, Ints

MIN_TEMPERATURE = 0.05
MAX_TEMPERATURE = 20.0
TOLERANCE = 1e-8
"""Accuracy of the fitted temperature's logarithm."""


def softmax(logits: Floats) -> Floats:
    """Returns probabilities by row; each row sums to 1."""
    # Subtracting the row's maximum changes nothing and keeps exp() from overflowing.
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities: Floats = exponentials / exponentials.sum(axis=1, keepdims=True)
    return probabilities


def fit_temperature(logits: Floats, labels: Ints) -> float:
    """Returns the temperature T that makes `softmax(logits / T)` most likely to be right.

    Temperature scaling (Guo et al., 2017, "On Calibration of Modern Neural Networks") on logits of
    messages that the model was not trained on. Returns 1 when there are none.
    """
    if not len(labels):
        return 1.0

    # SciPy takes long to import. Fitting happens in the background and has imported it already
    # for the regression; a process that only decides never gets here.
    from scipy.optimize import minimize_scalar

    rows = np.arange(len(labels))
    # Platt (1999) smooths the targets as if one more message had been wrong: thirty messages that
    # were all right do not prove certainty.
    smoothing = 1 / (len(labels) + 2)

    def loss(log_temperature: float) -> float:
        probabilities = softmax(logits / np.exp(log_temperature))
        # The bound keeps one hopeless message from deciding the temperature of all.
        logs = np.log(np.maximum(probabilities, 1e-12))
        smoothed = (1 - smoothing) * logs[rows, labels] + smoothing * logs.mean(axis=1)
        return float(-smoothed.mean())

    # Cross entropy is convex in 1/T, so it has one minimum over log T too: Brent's method finds it.
    bounds = (np.log(MIN_TEMPERATURE), np.log(MAX_TEMPERATURE))
    result = minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": TOLERANCE})
    return float(np.exp(result.x))


def calibration_error(confidence: Floats, is_right: Bools, bins: int = 15) -> float:
    """Returns the expected calibration error (ECE) over `bins` equal-width bins, in 0-1.

    In each bin it compares the mean confidence with the share of answers that are right, and weighs
    the difference by the bin's share of all answers. Returns 0 when there are no answers.
    """
    if not len(confidence):
        return 0.0

    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    error = 0.0

    for number in range(bins):
        inside = bin_of == number
        if inside.any():
            gap = abs(confidence[inside].mean() - is_right[inside].mean())
            error += inside.mean() * gap

    return float(error)


def threshold_at(scores: Floats, false_reject: float) -> float:
    """Returns the quantile below which a share `false_reject` of in-scope `scores` lies.

    Returns 0, which rejects nothing, when there are no scores.
    """
    if not len(scores):
        return 0.0

    return float(np.quantile(scores, false_reject))
