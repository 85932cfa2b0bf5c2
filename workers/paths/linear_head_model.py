"""A linear head on the encoder's vectors: answers from a closed set, in milliseconds, without a language model."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from router.classifier.calibration import fit_temperature, softmax
from router.classifier.linear import Linear, fit_linear
from router.encoder.factory import Encoder

FOLDS = 5


@dataclass(frozen=True, slots=True)
class Said:
    """An answer, with its calibrated probability in 0-1."""

    answer: Any
    chance: float


@dataclass(frozen=True, slots=True)
class LinearHead:
    """Which of `answers` (JSON) fits a text. It understands the vectors of the encoder `encoder` alone."""

    linear: Linear
    answers: tuple[str, ...]
    heat: float
    encoder: str

    def say(self, encoder: Encoder, texts: Sequence[str]) -> list[Said]:
        """The likeliest answer to each text, in order. Raises ValueError for another encoder's vectors."""
        if encoder.model_id != self.encoder:
            raise ValueError(
                f"using a head: it was made with encoder {self.encoder!r}, this is {encoder.model_id!r}"
            )

        chances = softmax(self.linear.logits(encoder.views(list(texts))) / self.heat)
        best = chances.argmax(1)
        return [
            Said(json.loads(self.answers[b]), float(row[b]))
            for b, row in zip(best, chances, strict=True)
        ]

    def save(self, path: Path) -> None:
        """`path` holds the head; it appears whole or not at all."""
        partial = path.with_suffix(".partial")
        with partial.open("wb") as file:
            np.savez(
                file,
                weights=self.linear.weights,
                bias=self.linear.bias,
                answers=np.array(self.answers, dtype=np.str_),
                heat=np.array(self.heat),
                encoder=np.array(self.encoder, dtype=np.str_),
            )

        partial.replace(path)

    @classmethod
    def load(cls, path: Path) -> LinearHead:
        """The head in that file; nothing in it is ever run as code."""
        with np.load(path, allow_pickle=False) as found:
            answers = tuple(map(str, found["answers"]))
            linear = Linear(found["weights"], found["bias"])
            return cls(linear, answers, float(found["heat"]), str(found["encoder"]))


def fit_head(
    encoder: Encoder, texts: Sequence[str], answers: Sequence[str], seed: int = 0
) -> LinearHead:
    """A head that learnt these answers, calibrated on rows that the measuring model had not seen.

    The order of the rows changes nothing that matters; the same rows give the same head.
    """
    rows = encoder.views(list(texts))
    names = tuple(sorted(set(answers)))
    labels = np.array([names.index(answer) for answer in answers])
    whole = fit_linear(rows, labels, len(names))
    fold = np.random.default_rng(seed).permutation(len(labels)) % FOLDS
    logits = np.zeros((len(labels), len(names)))

    for number in range(FOLDS if len(labels) >= 2 * FOLDS else 0):
        out = fold == number
        logits[out] = fit_linear(rows[~out], labels[~out], len(names), start=whole).logits(
            rows[out]
        )

    heat = fit_temperature(logits, labels) if logits.any() else 1.0
    return LinearHead(whole, names, heat, encoder.model_id)
