"""The examples that a message is compared with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from router.calibrate import Floats, Ints

Rows = NDArray[np.float32]

NEIGHBOURS = 10
SHARPNESS = 12.0
PULL = 3
"""Examples that the mean of all classes counts for, where one class is described by few."""
CHUNK = 256
"""Rows compared at a time: memory stays flat however many messages are asked about."""


@dataclass(frozen=True, slots=True)
class Near:
    """What is nearest to each row, nearest first: `index` and `likeness` (cosine), `(n, up to NEIGHBOURS)`.

    `own` is the likeness to the nearest example of the class in question, -1 when that class has none, and `spare` how
    much that is above what is usual between that example and its own nearest.
    """

    index: Ints
    likeness: Floats
    own: Floats
    spare: Floats


@dataclass(frozen=True, slots=True)
class Known:
    """Rows of length 1 and their classes, with each class's middle (zeros for a class without a row).

    `usual` is each row's likeness to the nearest other one of its class, `usual_in` the mean of that in each class.
    """

    rows: Rows
    labels: Ints
    middles: Rows
    usual: Floats
    usual_in: Floats

    @classmethod
    def of(cls, rows: Rows, labels: Ints, classes: int) -> Known:
        """What these examples make known."""
        sums = np.zeros((classes, rows.shape[1]), np.float32)
        np.add.at(sums, labels, rows)
        middles = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9)
        usual, usual_in = _usual(rows, labels, classes)
        return cls(np.ascontiguousarray(rows), labels, middles, usual, usual_in)

    def near(self, rows: Rows, classes: Ints) -> Near:
        """The nearest examples of each row, where `classes` is the class in question for each."""
        kept = min(NEIGHBOURS, len(self.rows))
        index, likeness = np.empty((len(rows), kept), np.int64), np.empty((len(rows), kept))
        own, spare = np.empty(len(rows)), np.empty(len(rows))
        for start in range(0, len(rows), CHUNK):
            part = slice(start, start + CHUNK)
            similar = rows[part] @ self.rows.T
            found = np.argpartition(-similar, kept - 1, axis=1)[:, :kept]
            close = np.take_along_axis(similar, found, axis=1)
            order = np.argsort(-close, axis=1, kind="stable")
            index[part] = np.take_along_axis(found, order, axis=1)
            likeness[part] = np.take_along_axis(close, order, axis=1)
            same = self.labels[None, :] == classes[part, None]
            mine = np.where(same, similar, -1.0)
            first = mine.argmax(axis=1)
            own[part] = mine[np.arange(len(mine)), first]
            spare[part] = own[part] - self.usual[first]
        return Near(index, likeness, own, spare)

    def votes(self, near: Near, classes: int) -> Floats:
        """`(n, classes)`, rows that sum to 1: the nearest examples vote, nearer ones much louder."""
        voice = np.exp(SHARPNESS * (near.likeness - 1.0))
        votes = np.zeros((len(voice), classes))
        np.add.at(votes, (np.arange(len(voice))[:, None], self.labels[near.index]), voice)
        return np.asarray(votes / votes.sum(axis=1, keepdims=True), np.float64)


def _usual(rows: Rows, labels: Ints, classes: int) -> tuple[Floats, Floats]:
    """How near each row has its nearest of the same class, and the mean in each class, drawn to the mean of all.

    Where a class has a single row nothing is known of it, and the mean of all stands in.
    """
    usual = np.full(len(rows), np.nan)
    for one in range(classes):
        mine = np.flatnonzero(labels == one)
        if len(mine) > 1:
            similar = rows[mine] @ rows[mine].T
            np.fill_diagonal(similar, -1.0)
            usual[mine] = similar.max(axis=1)
    there = ~np.isnan(usual)
    mean = float(usual[there].mean()) if there.any() else 0.5
    counts = np.bincount(labels[there], minlength=classes)
    sums = np.bincount(labels[there], usual[there], minlength=classes)
    return np.where(there, usual, mean), np.asarray((sums + PULL * mean) / (counts + PULL), np.float64)
