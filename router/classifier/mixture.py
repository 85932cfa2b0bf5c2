"""Interpolates the logistic regression with a vote of the nearest examples, calibrated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from router.classifier.arrays import Floats, Ints
from router.classifier.calibration import fit_temperature, softmax

KNN_WEIGHTS = (0.0, 0.05, 0.1, 0.2, 0.3)
"""The weights of the vote that are tried; more never paid."""
MIN_GAIN = 1e-4
"""Nats of log loss by which a larger weight has to be better, so that ties keep the smaller one."""


@dataclass(frozen=True, slots=True)
class Mixture:
    """A linear interpolation of two probability estimates, calibrated before and after.

    `temperature` calibrates the logits, `knn_weight` (0-1) is the weight of the k-nearest-neighbour
    vote, and `final_temperature` calibrates the interpolation.
    """

    temperature: float
    knn_weight: float
    final_temperature: float

    def probabilities(self, logits: Floats, votes: Floats) -> Floats:
        """Returns calibrated probabilities by row."""
        mixed = interpolate(logits, votes, self.temperature, self.knn_weight)
        return softmax(mixed / self.final_temperature)


def interpolate(logits: Floats, votes: Floats, temperature: float, knn_weight: float) -> Floats:
    """Returns the logarithm of the interpolated probabilities, `(n, classes)`."""
    regression = softmax(logits / temperature)
    # 1e-9 keeps the logarithm finite where both say 0.
    return np.asarray(np.log((1 - knn_weight) * regression + knn_weight * votes + 1e-9), np.float64)


def fit_mixture(logits: Floats, votes: Floats, labels: Ints) -> Mixture:
    """Returns the mixture with the lowest log loss on `labels`.

    `logits` and `votes` must come from models that had not seen these rows (cross-validation).
    """
    temperature = fit_temperature(logits, labels)
    best = Mixture(temperature, 0.0, 1.0)
    if not len(labels):
        return best

    lowest = np.inf
    for knn_weight in KNN_WEIGHTS:
        mixed = interpolate(logits, votes, temperature, knn_weight)
        mixture = Mixture(temperature, knn_weight, fit_temperature(mixed, labels))

        probabilities = mixture.probabilities(logits, votes)[np.arange(len(labels)), labels]
        loss = -float(np.log(np.maximum(probabilities, 1e-12)).mean())
        if loss < lowest - MIN_GAIN:
            best = mixture
            lowest = loss

    return best
