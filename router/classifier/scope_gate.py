"""Whether any route fits a message at all, judged from many sides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from router.classifier.calibration import Floats, softmax
from router.classifier.neighbours import Known, Near, Rows

OF_ALL = ("nearest", "nearest_five", "middle", "energy", "log_confidence", "margin", "entropy")
"""The signals that do not depend on the views; those of belonging follow them. The first three are cosines that keep
what all routes share: a message about something else altogether lacks just that."""
STRANGER = 0.4
"""A cosine around which strangers end; only used where there are too few routes to learn from."""
SHARPNESS = 16.0
RIDGE, CROSSED = 30.0, 100.0
"""The signals say much the same thing: a strong penalty shares the weight out among them, and
among their products."""
MANY = 5000
"""Messages to learn from, from which the products pay: with fewer they learn what only these few
have in common."""
FURTHEST = 4.0
"""Standard deviations beyond which a signal says no more."""


@dataclass(frozen=True, slots=True)
class Gate:
    """The probability that some route fits. `weights` are those of the signals, or those of `crossed`."""

    centre: Floats
    scale: Floats
    weights: Floats
    bias: float

    def in_scope(self, seen: Floats) -> Floats:
        """A probability for each row of signals."""
        z = self._columns(seen) @ self.weights + self.bias
        return np.asarray(1 / (1 + np.exp(-z)), np.float64)

    def _columns(self, seen: Floats) -> Floats:
        z = standard(seen, self.centre, self.scale)
        return z if len(self.weights) == len(self.centre) else crossed(z)


def standard(seen: Floats, centre: Floats, scale: Floats) -> Floats:
    """The signals as standard deviations from the usual, none further than FURTHEST."""
    return np.asarray(np.clip((seen - centre) / scale, -FURTHEST, FURTHEST), np.float64)


def crossed(z: Floats) -> Floats:
    """`(n, ...)`: the standardised signals, then the product of each two.

    How much likeness is enough depends on how far the runner-up is: no sum of single signals can
    say that.
    """
    first, second = np.triu_indices(z.shape[1])
    return np.concatenate([z, z[:, first] * z[:, second]], axis=1)


def signals(rows: Rows, logits: Floats, known: Known, near: Near) -> Floats:
    """`(n, signals)`: OF_ALL, then how well each row belongs to its best class. `logits` are calibrated."""
    each, best = np.arange(len(rows)), logits.argmax(axis=1)
    chance = softmax(logits)
    high, top = logits.max(axis=1), chance[each, best]
    others = chance.copy()
    others[each, best] = 0.0
    columns = [
        near.likeness[:, 0],
        near.likeness[:, :5].mean(axis=1),
        np.einsum("ij,ij->i", rows[:, : known.rows.shape[1]], known.middles[best]),
        high + np.log(np.exp(logits - high[:, None]).sum(axis=1)),
        np.log(top + 1e-9),
        top - others.max(axis=1),
        -(chance * np.log(chance + 1e-12)).sum(axis=1),
    ]

    return np.column_stack([*columns, known.belonging.signals(rows, best)])


def by_likeness(count: int) -> Gate:
    """A gate for so many signals that nothing was learned for: only likeness to the nearest example counts."""
    weights, centre = np.zeros(count), np.zeros(count)
    weights[OF_ALL.index("nearest")], centre[OF_ALL.index("nearest")] = SHARPNESS, STRANGER
    return Gate(centre, np.full(count, 0.25), weights / 4, 0.0)


def fit_gate(seen: Floats, fits: Floats) -> Gate:
    """Two-class logistic regression on the signals, both classes weighing the same, by Newton's method.

    With MANY rows it reads the signals two by two as well.
    """
    centre, scale = seen.mean(axis=0), seen.std(axis=0) + 1e-9
    z = standard(seen, centre, scale)
    x = np.column_stack([z if len(z) < MANY else crossed(z), np.ones(len(z))])
    share = min(max(float(fits.mean()), 1e-6), 1 - 1e-6)
    weight = np.where(fits > 0, 0.5 / share, 0.5 / (1 - share))
    alone = seen.shape[1]
    penalty = np.diag([RIDGE] * alone + [CROSSED] * (x.shape[1] - 1 - alone) + [1e-6])
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
