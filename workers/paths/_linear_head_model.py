"""A linear head: multinomial logistic regression from the encoder's vectors to fixed answers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from router.classifier.calibration import fit_temperature, softmax
from router.classifier.logistic import LinearClassifier, fit_multinomial
from router.encoder.protocol import Encoder

FOLDS = 5
MIN_ROWS_PER_FOLD = 2


@dataclass(frozen=True, slots=True)
class HeadPrediction:
    """An answer (a JSON value) with its calibrated probability in 0-1."""

    answer: Any
    probability: float


@dataclass(frozen=True, slots=True)
class LinearHead:
    """Predicts which of `answers` (as JSON text) fits a message.

    It works with the vectors of the encoder with the id `encoder` only. `temperature` divides the
    logits (temperature scaling).
    """

    linear: LinearClassifier
    answers: tuple[str, ...]
    temperature: float
    encoder: str

    def predict(self, encoder: Encoder, texts: Sequence[str]) -> list[HeadPrediction]:
        """Returns the most probable answer to each text, in order.

        Raises ValueError for another encoder.
        """
        if encoder.model_id != self.encoder:
            raise ValueError(
                f"using a head: it was made with encoder {self.encoder!r}, "
                f"this is {encoder.model_id!r}"
            )

        logits = self.linear.logits(encoder.views(list(texts)))
        probabilities = softmax(logits / self.temperature)

        predictions = []
        for row in probabilities:
            best = int(row.argmax())
            predictions.append(HeadPrediction(json.loads(self.answers[best]), float(row[best])))

        return predictions

    def save(self, path: Path) -> None:
        """Writes the head to `path`; readers see the whole file or none."""
        partial = path.with_suffix(".partial")
        with partial.open("wb") as file:
            np.savez(
                file,
                weights=self.linear.weights,
                bias=self.linear.bias,
                answers=np.array(self.answers, dtype=np.str_),
                heat=np.array(self.temperature),  # the temperature's name in the file format
                encoder=np.array(self.encoder, dtype=np.str_),
            )

        partial.replace(path)

    @classmethod
    def load(cls, path: Path) -> LinearHead:
        """Reads a head from a file; nothing in the file is ever run as code."""
        with np.load(path, allow_pickle=False) as arrays:
            return cls(
                linear=LinearClassifier(arrays["weights"], arrays["bias"]),
                answers=tuple(map(str, arrays["answers"])),
                temperature=float(arrays["heat"]),
                encoder=str(arrays["encoder"]),
            )


def fit_head(
    encoder: Encoder, texts: Sequence[str], answers: Sequence[str], seed: int = 0
) -> LinearHead:
    """Trains a head on texts and their answers (as JSON text).

    The temperature is fitted on out-of-fold logits of a 5-fold cross-validation. The same rows give
    the same head; their order changes nothing but the folds.
    """
    rows = encoder.views(list(texts))
    names = tuple(sorted(set(answers)))
    labels = np.array([names.index(answer) for answer in answers])
    linear = fit_multinomial(rows, labels, len(names))

    logits = np.zeros((len(labels), len(names)))
    if len(labels) >= FOLDS * MIN_ROWS_PER_FOLD:
        fold_of_row = np.random.default_rng(seed).permutation(len(labels)) % FOLDS
        for fold in range(FOLDS):
            held_out = fold_of_row == fold
            # Starting from the fit on all rows only saves iterations: the problem is convex.
            partial = fit_multinomial(rows[~held_out], labels[~held_out], len(names), start=linear)
            logits[held_out] = partial.logits(rows[held_out])

    # Without out-of-fold logits there is nothing to calibrate with.
    temperature = fit_temperature(logits, labels) if logits.any() else 1.0
    return LinearHead(linear, names, temperature, encoder.model_id)
