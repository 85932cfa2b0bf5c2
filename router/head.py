"""Which route a vector belongs to: logistic regression mixed with the nearest examples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from router.calibrate import Floats, Ints, fit_temperature, softmax

Rows = NDArray[np.float32]

NEIGHBOURS = 10
WEIGHTS = (0.0, 0.1, 0.2, 0.3, 0.4)
FOLDS = 5
SHARPNESS = 12.0


@dataclass(frozen=True, slots=True)
class Linear:
    """Multinomial logistic regression: `rows @ weights + bias` are logits."""

    weights: Rows
    bias: Rows

    def logits(self, rows: Rows) -> Floats:
        """`(n, classes)`."""
        return np.asarray(rows @ self.weights + self.bias, np.float64)


def fit_linear(rows: Rows, labels: Ints, classes: int, strength: float, start: Linear | None = None) -> Linear:
    """The weights that make the labels likeliest, held small with a Gaussian prior of variance `strength`.

    The problem is convex, so `start` only saves time. Every class weighs by the root of its count: a route with six
    hundred examples must not swallow its neighbour with ten.
    """
    from scipy.optimize import minimize

    count, dim = rows.shape
    weight = class_weights(labels, classes)[labels].astype(np.float32)[:, None]
    wanted = np.zeros((count, classes), np.float32)
    wanted[np.arange(count), labels] = 1.0
    begin = np.zeros((dim + 1, classes)) if start is None else np.vstack([start.weights, start.bias])

    def loss(flat: Floats) -> tuple[float, Floats]:
        both = flat.reshape(dim + 1, classes).astype(np.float32)
        logits = rows @ both[:dim] + both[dim]
        logits -= logits.max(axis=1, keepdims=True)
        chance = np.exp(logits)
        total = chance.sum(axis=1, keepdims=True)
        value = float(((np.log(total[:, 0]) - logits[np.arange(count), labels]) * weight[:, 0]).sum())
        gap = (chance / total - wanted) * weight
        slope = np.vstack([rows.T @ gap + both[:dim] / strength, gap.sum(axis=0, keepdims=True)])
        return value + float((both[:dim] ** 2).sum()) / (2 * strength), slope.astype(np.float64).ravel()

    found = minimize(loss, begin.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": 80, "gtol": count * 1e-6})
    both = found.x.reshape(dim + 1, classes).astype(np.float32)
    return Linear(both[:dim], both[dim])


def class_weights(labels: Ints, classes: int) -> Floats:
    """What one example of each class weighs; 1 on average."""
    counts = np.maximum(np.bincount(labels, minlength=classes), 1)
    weights = counts**-0.5
    return np.asarray(weights * len(labels) / max(float((weights * counts).sum()), 1e-9), np.float64)


def neighbour_votes(similar: Rows, labels: Ints, classes: int, neighbours: int = NEIGHBOURS) -> Floats:
    """`(n, classes)`, rows that sum to 1: the nearest examples vote, nearer ones much louder."""
    neighbours = min(neighbours, similar.shape[1])
    near = np.argpartition(-similar, neighbours - 1, axis=1)[:, :neighbours]
    voice = np.exp(SHARPNESS * (np.take_along_axis(similar, near, axis=1).astype(np.float64) - 1.0))
    votes = np.zeros((len(similar), classes))
    np.add.at(votes, (np.arange(len(similar))[:, None], labels[near]), voice)
    return np.asarray(votes / votes.sum(axis=1, keepdims=True), np.float64)


@dataclass(frozen=True, slots=True)
class Head:
    """Logits to probabilities: the mix of the two opinions, calibrated."""

    linear: Linear
    heat: float
    share: float
    mixed_heat: float

    def probabilities(self, logits: Floats, votes: Floats) -> Floats:
        """Calibrated probabilities by row."""
        return softmax(np.log(self._mix(logits, votes)) / self.mixed_heat)

    def _mix(self, logits: Floats, votes: Floats) -> Floats:
        return mix(logits, votes, self.heat, self.share)


def mix(logits: Floats, votes: Floats, heat: float, share: float) -> Floats:
    """`share` of the probability comes from the votes."""
    return np.asarray((1 - share) * softmax(logits / heat) + share * votes + 1e-9, np.float64)


def strength_for(count: int) -> float:
    """How far weights may move: further where few examples have to be told apart."""
    return 30.0 if count < 3000 else 10.0


def folds(labels: Ints, seed: int, parts: int = FOLDS) -> Ints:
    """A fold for each row: each class is dealt out evenly, in an order that the seed decides."""
    rng = np.random.default_rng(seed)
    fold = np.zeros(len(labels), np.int64)
    start = 0
    for one in np.unique(labels):
        rows = rng.permutation(np.flatnonzero(labels == one))
        fold[rows] = (np.arange(len(rows)) + start) % parts
        start += len(rows)
    return fold


def fit_head(rows: Rows, labels: Ints, classes: int, seed: int) -> tuple[Head, Floats, Floats]:
    """The head, with the logits and votes that each row got from models that had not seen it."""
    strength = strength_for(len(rows))
    linear = fit_linear(rows, labels, classes, strength)
    fold = folds(labels, seed)
    logits, votes = np.zeros((len(rows), classes)), np.full((len(rows), classes), 1.0 / classes)
    for part in range(FOLDS):
        out, kept = np.flatnonzero(fold == part), np.flatnonzero(fold != part)
        if not len(out) or not len(kept):
            continue
        logits[out] = fit_linear(rows[kept], labels[kept], classes, strength).logits(rows[out])
        votes[out] = neighbour_votes(rows[out] @ rows[kept].T, labels[kept], classes)
    known = np.bincount(labels, minlength=classes)[labels] > 1
    heat = fit_temperature(logits[known], labels[known])
    share, best = 0.0, np.inf
    for candidate in WEIGHTS:
        mixed = np.log(mix(logits[known], votes[known], heat, candidate))
        warm = fit_temperature(mixed, labels[known])
        chance = softmax(mixed / warm)[np.arange(int(known.sum())), labels[known]]
        loss = float(-np.log(np.maximum(chance, 1e-12)).mean()) if len(chance) else 0.0
        if loss < best - 1e-4:
            share, best, mixed_heat = candidate, loss, warm
    return Head(linear, heat, share, mixed_heat), logits, votes
