"""Nearest-neighbour features of a message within its predicted class, one set per encoder view."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from router.classifier.arrays import Floats, Ints, Rows

CLASS_FEATURES = (
    "nearest",
    "nearest_three",
    "excess_over_class",
    "excess_over_neighbour",
    "mean",
)
"""The features of one view: the cosine to the nearest example of the class and the mean of the
nearest three; how far the nearest exceeds what is usual in the class and what is usual for that
example; and the mean over the class."""
SHRINKAGE = 3
"""How many examples the mean over all classes counts for, where a class has few of its own."""


@dataclass(frozen=True, slots=True)
class ClassDensity:
    """The examples sorted by class, with how close to each other they lie.

    Only one class is looked at for each message, so that thousands of examples cost no more than a
    few. `views` is `(n, views, dim)`, each view centred on `mean` and of unit length, as float16
    to halve the memory. Class c has the rows from `starts[c]` to `starts[c + 1]`.

    `nn_cosine` `(n, views)` is each example's cosine to the nearest other one of its class;
    `class_nn_cosine` `(classes, views)` is the mean of that over a class.
    """

    mean: Rows
    views: NDArray[np.float16]
    starts: Ints
    nn_cosine: Floats
    class_nn_cosine: Floats

    @classmethod
    def build(cls, rows: Rows, labels: Ints, class_count: int, dim: int) -> ClassDensity:
        """Returns the densities of these classes; `rows` is `(n, views * dim)`."""
        order = np.argsort(labels, kind="stable")
        mean = rows.mean(axis=0)
        views = _center(rows[order], mean, dim)
        starts = np.searchsorted(labels[order], np.arange(class_count + 1))
        nn_cosine = _cosine_to_nearest(views, starts)

        # An example that is alone in its class has no neighbour: it gets the mean of all others.
        has_neighbour = ~np.isnan(nn_cosine[:, 0])
        overall = np.full(views.shape[1], 0.5)
        if has_neighbour.any():
            overall = nn_cosine[has_neighbour].mean(axis=0)
        nn_cosine = np.where(has_neighbour[:, None], nn_cosine, overall)

        class_nn_cosine = np.empty((class_count, views.shape[1]))
        for label in range(class_count):
            members = slice(starts[label], starts[label + 1])
            class_nn_cosine[label] = _shrink(nn_cosine[members], overall)

        return cls(mean, views.astype(np.float16), starts, nn_cosine, class_nn_cosine)

    def features(self, rows: Rows, labels: Ints) -> Floats:
        """Returns `(n, views * CLASS_FEATURES)`: each row among the examples of its label.

        The features of one view follow those of the view before. A class without examples gives
        zeros.
        """
        view_count = self.views.shape[1]
        messages = _center(rows, self.mean, self.views.shape[2])
        features = np.zeros((len(rows), view_count, len(CLASS_FEATURES)))

        for label in np.unique(labels):
            members = slice(int(self.starts[label]), int(self.starts[label + 1]))
            if members.start == members.stop:
                continue

            here = np.flatnonzero(labels == label)
            examples = self.views[members].astype(np.float32)
            for view in range(view_count):
                cosine = (messages[here, view] @ examples[:, view].T).astype(np.float64)
                first = cosine.argmax(axis=1)
                nearest = cosine[np.arange(len(here)), first]
                nearest_three = -np.sort(-cosine, axis=1)[:, :3]

                columns = [
                    nearest,
                    nearest_three.mean(axis=1),
                    nearest - self.class_nn_cosine[label, view],
                    nearest - self.nn_cosine[members][first, view],
                    cosine.mean(axis=1),
                ]
                features[here, view] = np.stack(columns, axis=1)

        return features.reshape(len(rows), -1)


def _cosine_to_nearest(views: Rows, starts: Ints) -> Floats:
    """Returns `(n, views)`: each row's cosine to the nearest other of its class, NaN if none."""
    nn_cosine = np.full(views.shape[:2], np.nan)

    for start, stop in pairwise(starts):
        if stop - start < 2:
            continue

        for view in range(views.shape[1]):
            members = views[start:stop, view]
            cosine = members @ members.T
            # Below any cosine, so that no row is its own neighbour.
            np.fill_diagonal(cosine, -1.0)
            nn_cosine[start:stop, view] = cosine.max(axis=1)

    return nn_cosine


def _center(rows: Rows, mean: Rows, dim: int) -> Rows:
    """Returns `(n, views, dim)`: each view without what all messages share, at unit length."""
    views = (rows - mean).reshape(len(rows), -1, dim)
    lengths = np.maximum(np.linalg.norm(views, axis=2, keepdims=True), 1e-9)
    return np.asarray(views / lengths, np.float32)


def _shrink(values: Floats, overall: Floats) -> Floats:
    """Returns the mean of `values`, shrunk towards `overall` by a prior of SHRINKAGE examples."""
    return np.asarray(
        (values.sum(axis=0) + SHRINKAGE * overall) / (len(values) + SHRINKAGE), np.float64
    )
