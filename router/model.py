"""What the router has learned, as arrays: vectors in, probabilities and fit out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from router.calibrate import Floats, Ints, threshold_at
from router.gate import Gate, Known, fit_gate, signals
from router.head import FOLDS, Head, Rows, fit_head, folds, neighbour_votes


@dataclass(frozen=True, slots=True)
class Judged:
    """What the model says of each row: calibrated probabilities, the gate's score, and likeness to every example."""

    chances: Floats
    in_scope: Floats
    similar: Rows


@dataclass(frozen=True, slots=True)
class Model:
    """A trained router without names and texts. `threshold` is the gate's score that a stated share falls under."""

    head: Head
    gate: Gate
    known: Known
    threshold: float

    def judge(self, rows: Rows) -> Judged:
        """Each row by itself: nothing depends on the other rows."""
        logits = self.head.linear.logits(rows)
        similar = rows @ self.known.rows.T
        votes = neighbour_votes(similar, self.known.labels, logits.shape[1])
        fit = self.gate.in_scope(signals(rows, logits / self.head.heat, self.known, similar))
        return Judged(self.head.probabilities(logits, votes), fit, similar)


def fit_model(rows: Rows, labels: Ints, classes: int, seed: int, false_reject: float) -> Model:
    """The model for these examples; the same input gives the same bits on the same machine."""
    head, logits, _ = fit_head(rows, labels, classes, seed)
    gate = fit_gate(rows, labels, classes, seed)
    fold = folds(labels, seed)
    fit = np.ones(len(rows))
    for part in range(FOLDS):
        out, kept = np.flatnonzero(fold == part), np.flatnonzero(fold != part)
        if len(out) and len(kept):
            known = Known.of(rows[kept], labels[kept], classes)
            fit[out] = gate.in_scope(signals(rows[out], logits[out] / head.heat, known))
    threshold = threshold_at(fit[np.bincount(labels, minlength=classes)[labels] > 1], false_reject)
    return Model(head, gate, Known.of(rows, labels, classes), threshold)
