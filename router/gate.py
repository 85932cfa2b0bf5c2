"""Whether any route fits a message at all: learned by hiding known routes and watching whose messages lost theirs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from router.calibrate import Floats, Ints, softmax
from router.head import Rows, fit_linear, folds, neighbour_votes, strength_for

SIGNALS = (
    "nearest",
    "nearest_five",
    "own_nearest",
    "centroid",
    "centroid_gap",
    "energy",
    "log_confidence",
    "margin",
    "agreement",
    "entropy",
)
GROUPS = 4


@dataclass(frozen=True, slots=True)
class Known:
    """The examples that a message is compared with: rows of length 1, their classes, and each class's middle."""

    rows: Rows
    labels: Ints
    middles: Rows

    @classmethod
    def of(cls, rows: Rows, labels: Ints, classes: int) -> Known:
        """A class without a row has a middle of zeros."""
        sums = np.zeros((classes, rows.shape[1]), np.float32)
        np.add.at(sums, labels, rows)
        return cls(rows, labels, sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9))


def signals(rows: Rows, logits: Floats, known: Known, similar: Rows | None = None) -> Floats:
    """`(n, len(SIGNALS))`: how well each row fits what is known, seen from ten sides."""
    similar = rows @ known.rows.T if similar is None else similar
    classes = logits.shape[1]
    chance = softmax(logits)
    best = logits.argmax(axis=1)
    near = -np.sort(-similar, axis=1)[:, :5].astype(np.float64)
    own = np.where(known.labels[None, :] == best[:, None], similar, -1.0).max(axis=1)
    to_middles = (rows @ known.middles.T).astype(np.float64)
    at_best = to_middles[np.arange(len(rows)), best]
    others = to_middles.copy()
    others[np.arange(len(rows)), best] = -1.0
    votes = neighbour_votes(similar, known.labels, classes)[np.arange(len(rows)), best]
    first_two = -np.sort(-chance, axis=1)[:, :2]
    high = logits.max(axis=1)
    columns = [
        near[:, 0],
        near.mean(axis=1),
        own,
        at_best,
        at_best - others.max(axis=1),
        high + np.log(np.exp(logits - high[:, None]).sum(axis=1)),
        np.log(first_two[:, 0] + 1e-9),
        first_two[:, 0] - (first_two[:, 1] if classes > 1 else 0.0),
        votes,
        -(chance * np.log(chance + 1e-12)).sum(axis=1),
    ]
    return np.stack([np.asarray(column, np.float64) for column in columns], axis=1)


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


def fit_gate(rows: Rows, labels: Ints, classes: int, seed: int) -> Gate:
    """The gate that tells held-out messages of known routes from messages of routes that were hidden.

    With fewer than three routes nothing can be hidden; then only similarity to the examples counts.
    """
    if classes < 3:
        return by_similarity()
    rng = np.random.default_rng(seed)
    group = rng.permutation(classes) % min(GROUPS, classes)
    fold = folds(labels, seed + 1, 4)
    seen, fits = [], []
    for hidden in range(min(GROUPS, classes)):
        out = group[labels] == hidden
        kept = np.flatnonzero(~out & (fold != hidden % 4))
        held = np.flatnonzero(~out & (fold == hidden % 4))
        lost = np.flatnonzero(out)
        names = np.unique(labels[kept])
        if len(names) < 2 or not len(held) or not len(lost):
            continue
        again = np.searchsorted(names, labels[kept])
        linear = fit_linear(rows[kept], again, len(names), strength_for(len(kept)))
        known = Known.of(rows[kept], again, len(names))
        asked = np.concatenate([held, lost])
        seen.append(signals(rows[asked], linear.logits(rows[asked]), known))
        fits.append(np.concatenate([np.ones(len(held)), np.zeros(len(lost))]))
    if not seen:
        return by_similarity()
    return fit_logistic(np.concatenate(seen), np.concatenate(fits))


def by_similarity() -> Gate:
    """A gate that needs no training: similarity to the examples, around a cosine where strangers usually end."""
    weights = np.zeros(len(SIGNALS))
    weights[[SIGNALS.index("nearest"), SIGNALS.index("nearest_five")]] = 8.0
    centre = np.zeros(len(SIGNALS))
    centre[[SIGNALS.index("nearest"), SIGNALS.index("nearest_five")]] = 0.4
    return Gate(centre, np.ones(len(SIGNALS)), weights, 0.0)


def fit_logistic(seen: Floats, fits: Floats, ridge: float = 1.0) -> Gate:
    """Two-class logistic regression on standardised signals, both classes weighing the same, by Newton's method."""
    centre, scale = seen.mean(axis=0), seen.std(axis=0) + 1e-9
    x = np.column_stack([np.clip((seen - centre) / scale, -4, 4), np.ones(len(seen))])
    share = min(max(float(fits.mean()), 1e-6), 1 - 1e-6)
    weight = np.where(fits > 0, 0.5 / share, 0.5 / (1 - share))
    penalty = np.diag([ridge] * seen.shape[1] + [1e-6])
    found = np.zeros(x.shape[1])
    for _ in range(30):
        chance = 1 / (1 + np.exp(-x @ found))
        slope = x.T @ (weight * (chance - fits)) + penalty @ found
        curve = (x * (weight * chance * (1 - chance))[:, None]).T @ x + penalty
        step = np.linalg.solve(curve, slope)
        found -= step
        if float(np.abs(step).max()) < 1e-8:
            break
    return Gate(centre, scale, found[:-1], float(found[-1]))
