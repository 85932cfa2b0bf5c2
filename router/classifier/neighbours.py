"""The examples that a message is compared with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from router.classifier.calibration import Floats, Ints
from router.classifier.local_density import Belonging

Rows = NDArray[np.float32]

NEIGHBOURS = 10
SHARPNESS = 12.0
CHUNK = 256
"""Rows compared at a time: memory stays flat however many messages are asked about."""


@dataclass(frozen=True, slots=True)
class Near:
    """What is nearest to each row, nearest first: `index` and `likeness` (cosine), `(n, up to NEIGHBOURS)`."""

    index: Ints
    likeness: Floats


@dataclass(frozen=True, slots=True)
class Known:
    """The first view of every example (length 1), the classes, their middles, and what belonging to them looks like."""

    rows: Rows
    labels: Ints
    middles: Rows
    belonging: Belonging

    @classmethod
    def of(cls, rows: Rows, labels: Ints, classes: int, dim: int) -> Known:
        """What these views make known."""
        sums = np.zeros((classes, dim), np.float32)
        np.add.at(sums, labels, rows[:, :dim])
        middles = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9)

        return cls(
            np.ascontiguousarray(rows[:, :dim]),
            labels,
            middles,
            Belonging.of(rows, labels, classes, dim),
        )

    def near(self, rows: Rows) -> Near:
        """The nearest examples of each row."""
        kept = min(NEIGHBOURS, len(self.rows))
        index, likeness = np.empty((len(rows), kept), np.int64), np.empty((len(rows), kept))

        for start in range(0, len(rows), CHUNK):
            part = slice(start, start + CHUNK)
            similar = rows[part, : self.rows.shape[1]] @ self.rows.T
            found = np.argpartition(-similar, kept - 1, axis=1)[:, :kept]
            close = np.take_along_axis(similar, found, axis=1)
            order = np.argsort(-close, axis=1, kind="stable")
            index[part] = np.take_along_axis(found, order, axis=1)
            likeness[part] = np.take_along_axis(close, order, axis=1)

        return Near(index, likeness)

    def votes(self, near: Near, classes: int) -> Floats:
        """`(n, classes)`, rows that sum to 1: the nearest examples vote, nearer ones much louder."""
        voice = np.exp(SHARPNESS * (near.likeness - 1.0))
        votes = np.zeros((len(voice), classes))
        np.add.at(votes, (np.arange(len(voice))[:, None], self.labels[near.index]), voice)

        return np.asarray(votes / votes.sum(axis=1, keepdims=True), np.float64)
