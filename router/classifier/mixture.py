"""Combines the logistic regression with the nearest examples' vote and the words, calibrated."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from router.classifier.arrays import Floats, Ints
from router.classifier.calibration import fit_temperature, softmax

KNN_WEIGHTS = (0.0, 0.05, 0.1, 0.2, 0.3)
"""The weights of the vote that are tried; more never paid."""
WORD_WEIGHTS = (0.0, 0.05, 0.1, 0.15, 0.2)
"""The weights of the words' log-likelihood that are tried. People who write no example use other
words than those who do, which cross-validation cannot know: for them more does not pay."""
MIN_GAIN = 1e-4
"""Nats of log loss by which a larger weight has to be better, so that ties keep the smaller one."""


@dataclass(frozen=True, slots=True)
class Scores:
    """What each part says of each class, `(n, classes)`.

    `logits` are the regression's, `votes` the nearest examples' (0-1), and `words` log-likelihoods
    (`WordModel.scores`).
    """

    logits: Floats
    votes: Floats
    words: Floats


@dataclass(frozen=True, slots=True)
class Mixture:
    """A linear interpolation of two probability estimates, times what the words say of each class.

    `temperature` calibrates the logits, `knn_weight` (0-1) is the weight of the k-nearest-neighbour
    vote, `word_weight` the exponent of the words' likelihoods, which count each word as if it stood
    alone and so say too much, and `final_temperature` calibrates the product.
    """

    temperature: float
    knn_weight: float = 0.0
    final_temperature: float = 1.0
    word_weight: float = 0.0

    def probabilities(self, scores: Scores) -> Floats:
        """Returns calibrated probabilities by row."""
        return softmax(self.log_product(scores) / self.final_temperature)

    def log_product(self, scores: Scores) -> Floats:
        """Returns the logarithm of the product, not calibrated; `(n, classes)`."""
        mixed = interpolate(scores.logits, scores.votes, self.temperature, self.knn_weight)
        return mixed + self.word_weight * scores.words

    def evidence(self, scores: Scores) -> Floats:
        """Returns calibrated logits with the words' share, without a vote; `(n, classes)`."""
        return scores.logits / self.temperature + self.word_weight * scores.words


def interpolate(logits: Floats, votes: Floats, temperature: float, knn_weight: float) -> Floats:
    """Returns the logarithm of the interpolated probabilities, `(n, classes)`."""
    regression = softmax(logits / temperature)
    # 1e-9 keeps the logarithm finite where both say 0.
    return np.asarray(np.log((1 - knn_weight) * regression + knn_weight * votes + 1e-9), np.float64)


def fit_mixture(scores: Scores, labels: Ints) -> Mixture:
    """Returns the mixture with the lowest log loss on `labels`, by one weight after the other.

    The scores must come from models that had not seen these rows (cross-validation).
    """
    best = Mixture(fit_temperature(scores.logits, labels))
    if not len(labels):
        return best

    lowest = np.inf
    for name, weights in (("word_weight", WORD_WEIGHTS), ("knn_weight", KNN_WEIGHTS)):
        start = best
        for weight in weights:
            mixture = replace(start, final_temperature=1.0, **{name: weight})
            final_temperature = fit_temperature(mixture.log_product(scores), labels)
            mixture = replace(mixture, final_temperature=final_temperature)

            probabilities = mixture.probabilities(scores)[np.arange(len(labels)), labels]
            loss = -float(np.log(np.maximum(probabilities, 1e-12)).mean())
            if loss < lowest - MIN_GAIN:
                best = mixture
                lowest = loss

    return best
