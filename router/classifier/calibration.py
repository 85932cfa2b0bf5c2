"""Makes a probability mean what it says, and turns a stated error rate into a threshold."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

COLDEST, HOTTEST = 0.05, 20.0


def softmax(logits: Floats) -> Floats:
    """Probabilities by row, which sum to 1."""
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    out: Floats = shifted / shifted.sum(axis=1, keepdims=True)
    return out


def fit_temperature(logits: Floats, labels: Ints) -> float:
    """The number to divide logits by so that their softmax is most likely right. 1 when there is nothing to learn from.

    The loss is convex in the inverse, so a golden-section search over its logarithm finds the
    minimum. As in Platt's method one more answer is counted as wrong: thirty messages that were all
    right do not make a certainty.
    """
    if not len(labels):
        return 1.0

    rows, doubt = np.arange(len(labels)), 1 / (len(labels) + 2)

    def loss(log_heat: float) -> float:
        chance = np.log(np.maximum(softmax(logits / np.exp(log_heat)), 1e-12))
        return float(-((1 - doubt) * chance[rows, labels] + doubt * chance.mean(axis=1)).mean())

    low, high = np.log(COLDEST), np.log(HOTTEST)
    golden = (np.sqrt(5) - 1) / 2
    left, right = high - golden * (high - low), low + golden * (high - low)
    at_left, at_right = loss(left), loss(right)

    for _ in range(40):
        if at_left < at_right:
            high, right, at_right = right, left, at_left
            left = high - golden * (high - low)
            at_left = loss(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + golden * (high - low)
            at_right = loss(right)

    return float(np.exp((low + high) / 2))


def calibration_error(confidence: Floats, right: NDArray[np.bool_], bins: int = 15) -> float:
    """Expected calibration error: how far confidence lies from the share that is right, over equal-width bins."""
    if not len(confidence):
        return 0.0

    index = np.minimum((confidence * bins).astype(int), bins - 1)
    gap = 0.0

    for i in range(bins):
        inside = index == i
        if inside.any():
            gap += inside.mean() * abs(confidence[inside].mean() - right[inside].mean())

    return float(gap)


def threshold_at(scores: Floats, false_reject: float) -> float:
    """The score under which `false_reject` of the given in-scope scores lie; 0 when there are none."""
    return float(np.quantile(scores, false_reject)) if len(scores) else 0.0
