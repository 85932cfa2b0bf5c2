"""How well a message sits among the examples of the route it seems to belong to, seen in every view of the encoder."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from router.classifier.calibration import Floats, Ints

Rows = NDArray[np.float32]

ASPECTS = ("nearest", "nearest_three", "beyond_usual", "beyond_neighbour", "mean")
PULL = 3
"""Examples that the mean of all classes counts for, where one class is described by few."""


@dataclass(frozen=True, slots=True)
class Belonging:
    """The examples, class by class: `blocks` holds their views, each centred and of length 1, as float16.

    Only one class is looked at for each message, so that thousands of examples cost no more than a
    few. `starts` are the first rows of the classes. `usual` is each row's likeness to the nearest
    other one of its class in each view, `usual_in` the mean of that in each class.
    """

    middle: Rows
    blocks: NDArray[np.float16]
    starts: Ints
    usual: Floats
    usual_in: Floats

    @classmethod
    def of(cls, rows: Rows, labels: Ints, classes: int, dim: int) -> Belonging:
        """What these views say of each class."""
        order = np.argsort(labels, kind="stable")
        middle = rows.mean(axis=0)
        blocks = _centred(rows[order], middle, dim)
        starts = np.searchsorted(labels[order], np.arange(classes + 1))
        usual = np.full(blocks.shape[:2], np.nan)

        for one in range(classes):
            mine = slice(starts[one], starts[one + 1])
            if starts[one + 1] - starts[one] > 1:
                for view in range(blocks.shape[1]):
                    similar = blocks[mine, view] @ blocks[mine, view].T
                    np.fill_diagonal(similar, -1.0)
                    usual[mine, view] = similar.max(axis=1)

        known = ~np.isnan(usual[:, 0])
        mean = usual[known].mean(axis=0) if known.any() else np.full(blocks.shape[1], 0.5)
        usual = np.where(known[:, None], usual, mean)
        usual_in = np.stack(
            [_drawn(usual[starts[one] : starts[one + 1]], mean) for one in range(classes)]
        )

        return cls(middle, blocks.astype(np.float16), starts, usual, usual_in)

    def signals(self, rows: Rows, classes: Ints) -> Floats:
        """`(n, views x ASPECTS)`: each row among the examples of its class; the views follow each other."""
        views = self.blocks.shape[1]
        asked = _centred(rows, self.middle, self.blocks.shape[2])
        found = np.zeros((len(rows), views, len(ASPECTS)))

        for one in np.unique(classes):
            mine = slice(int(self.starts[one]), int(self.starts[one + 1]))
            here = np.flatnonzero(classes == one)
            if mine.start == mine.stop:
                continue

            known = self.blocks[mine].astype(np.float32)
            for view in range(views):
                similar = (asked[here, view] @ known[:, view].T).astype(np.float64)
                first = similar.argmax(axis=1)
                nearest = similar[np.arange(len(here)), first]
                three = -np.sort(-similar, axis=1)[:, :3]
                found[here, view] = np.stack(
                    [
                        nearest,
                        three.mean(axis=1),
                        nearest - self.usual_in[one, view],
                        nearest - self.usual[mine][first, view],
                        similar.mean(axis=1),
                    ],
                    axis=1,
                )

        return found.reshape(len(rows), -1)


def _centred(rows: Rows, middle: Rows, dim: int) -> Rows:
    """`(n, views, dim)`: each view without what all messages share, at length 1."""
    views = (rows - middle).reshape(len(rows), -1, dim)
    return np.asarray(
        views / np.maximum(np.linalg.norm(views, axis=2, keepdims=True), 1e-9), np.float32
    )


def _drawn(values: Floats, mean: Floats) -> Floats:
    return np.asarray((values.sum(axis=0) + PULL * mean) / (len(values) + PULL), np.float64)
