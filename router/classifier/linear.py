"""Which route a message belongs to: logistic regression mixed with the nearest examples, calibrated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from router.classifier.calibration import Floats, Ints, fit_temperature, softmax
from router.classifier.neighbours import Rows

SHARES = (0.0, 0.05, 0.1, 0.2, 0.3)
STEPS = 80


@dataclass(frozen=True, slots=True)
class Linear:
    """Multinomial logistic regression: `rows @ weights + bias` are logits."""

    weights: Rows
    bias: Rows

    def logits(self, rows: Rows) -> Floats:
        """`(n, classes)`."""
        return np.asarray(rows @ self.weights + self.bias, np.float64)


@dataclass(frozen=True, slots=True)
class Span:
    """The rows told in as few numbers as they span: the best weights lie in that span too, so searching it is enough.

    With three hundred examples of eleven hundred numbers each a search takes a quarter of the time.
    `basis` is None where the rows are too many for that.
    """

    short: Rows
    basis: Rows | None

    @classmethod
    def of(cls, rows: Rows) -> Span:
        """For fitting heads to parts of these rows."""
        if len(rows) >= rows.shape[1]:
            return cls(rows, None)

        basis, turned = np.linalg.qr(rows.T)
        return cls(np.ascontiguousarray(turned.T), basis)

    def fit(self, kept: Ints, labels: Ints, classes: int) -> Linear:
        """The head that these of the rows teach; it reads rows of full length."""
        found = fit_linear(self.short[kept], labels, classes)
        return found if self.basis is None else Linear(self.basis @ found.weights, found.bias)


@dataclass(frozen=True, slots=True)
class Mix:
    """How two opinions become one probability: `share` comes from the neighbours, then all is calibrated again."""

    heat: float
    share: float
    mixed_heat: float

    def probabilities(self, logits: Floats, votes: Floats) -> Floats:
        """Calibrated probabilities by row."""
        return softmax(mix(logits, votes, self.heat, self.share) / self.mixed_heat)


def fit_linear(rows: Rows, labels: Ints, classes: int, start: Linear | None = None) -> Linear:
    """The weights that make the labels likeliest, held small by a Gaussian prior.

    The problem is convex: a `start` near the end only saves steps, and a fifth of them then suffice
    to compare models. A class weighs by the root of its count: a route with six hundred examples
    must not swallow its neighbour with ten.
    """
    from scipy.optimize import minimize

    count, dim = rows.shape
    middle = rows.mean(
        axis=0
    )  # moves only the bias, but the search takes far fewer steps around zero
    rows = rows - middle
    weight = class_weights(labels, classes)[labels].astype(np.float32)[:, None]
    wanted = np.zeros((count, classes), np.float32)
    wanted[np.arange(count), labels] = 1.0
    strength = strength_for(count)

    def loss(flat: Floats) -> tuple[float, Floats]:
        both = flat.reshape(dim + 1, classes).astype(np.float32)
        logits = rows @ both[:dim] + both[dim]
        logits -= logits.max(axis=1, keepdims=True)
        chance = np.exp(logits)
        total = chance.sum(axis=1, keepdims=True)
        value = float(
            ((np.log(total[:, 0]) - logits[np.arange(count), labels]) * weight[:, 0]).sum()
        )
        gap = (chance / total - wanted) * weight
        slope = np.empty((dim + 1, classes))
        slope[:dim] = rows.T @ gap + both[:dim] / strength
        slope[dim] = gap.sum(axis=0)

        return value + float((both[:dim] ** 2).sum()) / (2 * strength), slope.ravel()

    options = {"maxiter": STEPS if start is None else STEPS // 5, "gtol": count * 1e-6}
    begin = np.zeros((dim + 1, classes))
    if start is not None:
        begin = np.vstack([start.weights, start.bias + middle @ start.weights]).astype(np.float64)

    found = minimize(loss, begin.ravel(), jac=True, method="L-BFGS-B", options=options)
    both = found.x.reshape(dim + 1, classes).astype(np.float32)
    return Linear(both[:dim], both[dim] - middle @ both[:dim])


def class_weights(labels: Ints, classes: int) -> Floats:
    """What one example of each class weighs; 1 on average."""
    counts = np.maximum(np.bincount(labels, minlength=classes), 1)
    weights = counts**-0.5
    return np.asarray(weights * len(labels) / float((weights * counts).sum()), np.float64)


def strength_for(count: int) -> float:
    """The prior's variance: weights may move further where few examples have to be told apart."""
    return 30.0 if count < 3000 else 10.0


def mix(logits: Floats, votes: Floats, heat: float, share: float) -> Floats:
    """Log probabilities of which `share` comes from the votes."""
    return np.asarray(
        np.log((1 - share) * softmax(logits / heat) + share * votes + 1e-9), np.float64
    )


def fit_mix(logits: Floats, votes: Floats, labels: Ints) -> Mix:
    """The mix that makes the labels likeliest; all three come from models that had not seen these rows."""
    heat = fit_temperature(logits, labels)
    best, lowest = Mix(heat, 0.0, 1.0), np.inf

    for share in SHARES if len(labels) else ():
        mixed = mix(logits, votes, heat, share)
        one = Mix(heat, share, fit_temperature(mixed, labels))
        chance = one.probabilities(logits, votes)[np.arange(len(labels)), labels]

        loss = -float(np.log(np.maximum(chance, 1e-12)).mean())
        if loss < lowest - 1e-4:
            best, lowest = one, loss

    return best
