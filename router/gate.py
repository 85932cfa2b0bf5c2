"""Whether any route fits a message at all, judged from twelve sides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from router.calibrate import Floats, softmax
from router.known import Known, Near, Rows

SIGNALS = (
    "nearest",
    "nearest_five",
    "own_nearest",
    "own_spare",
    "own_usual",
    "centroid",
    "centroid_gap",
    "energy",
    "log_confidence",
    "margin",
    "agreement",
    "entropy",
)
STRANGER = 0.4
"""A cosine around which strangers end; only used where there are too few routes to learn from."""


@dataclass(frozen=True, slots=True)
class Gate:
    """The probability that some route fits, from the signals."""

    centre: Floats
    scale: Floats
    weights: Floats
    bias: float

    def in_scope(self, seen: Floats) -> Floats:
        """A probability for each row of signals."""
        z = np.clip((seen - self.centre) / self.scale, -4, 4) @ self.weights + self.bias
        return np.asarray(1 / (1 + np.exp(-z)), np.float64)


def signals(rows: Rows, logits: Floats, known: Known, near: Near) -> Floats:
    """`(n, len(SIGNALS))`. `logits` are calibrated, `near` was asked about their best class."""
    classes, each = logits.shape[1], np.arange(len(rows))
    chance = softmax(logits)
    best = logits.argmax(axis=1)
    to_middles = (rows @ known.middles.T).astype(np.float64)
    at_best = to_middles[each, best].copy()
    to_middles[each, best] = -1.0
    high = logits.max(axis=1)
    top = chance[each, best]
    chance_without = chance.copy()
    chance_without[each, best] = 0.0
    columns = [
        near.likeness[:, 0],
        near.likeness[:, :5].mean(axis=1),
        near.own,
        near.spare,
        near.own - known.usual_in[best],
        at_best,
        at_best - to_middles.max(axis=1),
        high + np.log(np.exp(logits - high[:, None]).sum(axis=1)),
        np.log(top + 1e-9),
        top - chance_without.max(axis=1),
        known.votes(near, classes)[each, best],
        -(chance * np.log(chance + 1e-12)).sum(axis=1),
    ]
    return np.stack([np.asarray(column, np.float64) for column in columns], axis=1)


def by_likeness() -> Gate:
    """A gate that nothing was learned for: only likeness to the nearest examples counts."""
    weights, centre = np.zeros(len(SIGNALS)), np.zeros(len(SIGNALS))
    for name in ("nearest", "nearest_five"):
        weights[SIGNALS.index(name)] = 8.0
        centre[SIGNALS.index(name)] = STRANGER
    return Gate(centre, np.ones(len(SIGNALS)), weights, 0.0)


def fit_gate(seen: Floats, fits: Floats, ridge: float = 10.0) -> Gate:
    """Two-class logistic regression on standardised signals, both classes weighing the same, by Newton's method."""
    centre, scale = seen.mean(axis=0), seen.std(axis=0) + 1e-9
    x = np.column_stack([np.clip((seen - centre) / scale, -4, 4), np.ones(len(seen))])
    share = min(max(float(fits.mean()), 1e-6), 1 - 1e-6)
    weight = np.where(fits > 0, 0.5 / share, 0.5 / (1 - share))
    penalty = np.diag([ridge] * seen.shape[1] + [1e-6])
    found = np.zeros(x.shape[1])
    for _ in range(30):
        chance = 1 / (1 + np.exp(-np.clip(x @ found, -30, 30)))
        slope = x.T @ (weight * (chance - fits)) + penalty @ found
        curve = (x * (weight * chance * (1 - chance))[:, None]).T @ x + penalty
        step = np.linalg.solve(curve, slope)
        found -= step
        if float(np.abs(step).max()) < 1e-8:
            break
    return Gate(centre, scale, found[:-1], float(found[-1]))
