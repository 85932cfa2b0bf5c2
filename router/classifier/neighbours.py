"""The k nearest examples of a message, and their vote on its route."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from router.classifier.arrays import Floats, Ints, Rows
from router.classifier.local_density import ClassDensity

NEIGHBOURS = 10
VOTE_SHARPNESS = 12.0
"""A neighbour's vote weighs exp(12 * (cosine - 1)): one that is 0.1 nearer counts 3.3 times."""
BATCH = 256
"""Messages compared at a time: memory stays flat however many there are."""


@dataclass(frozen=True, slots=True)
class NearestExamples:
    """The examples nearest to each row, nearest first.

    `index` are rows of the `ExampleIndex`, `cosine` their cosine similarity; both are
    `(n, up to NEIGHBOURS)`.
    """

    index: Ints
    cosine: Floats


@dataclass(frozen=True, slots=True)
class ExampleIndex:
    """The labelled examples that messages are compared with, for exact search by cosine.

    `rows` is the first view of every example at unit length, `centroids` the mean of each class at
    unit length, and `density` describes how close together the examples of a class lie.
    """

    rows: Rows
    labels: Ints
    centroids: Rows
    density: ClassDensity

    @classmethod
    def build(cls, rows: Rows, labels: Ints, class_count: int, dim: int) -> ExampleIndex:
        """Returns the index of these views, whose first `dim` columns are the sentence vector."""
        vectors = np.ascontiguousarray(rows[:, :dim])

        sums = np.zeros((class_count, dim), np.float32)
        np.add.at(sums, labels, vectors)
        centroids = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9)

        density = ClassDensity.build(rows, labels, class_count, dim)
        return cls(vectors, labels, centroids, density)

    def nearest(self, rows: Rows) -> NearestExamples:
        """Returns the nearest examples of each row."""
        neighbours = min(NEIGHBOURS, len(self.rows))
        index = np.empty((len(rows), neighbours), np.int64)
        cosine = np.empty((len(rows), neighbours))

        for start in range(0, len(rows), BATCH):
            batch = slice(start, start + BATCH)
            similarity = rows[batch, : self.rows.shape[1]] @ self.rows.T

            # Partition first, then sort the few that are left: far cheaper than sorting all.
            candidates = np.argpartition(-similarity, neighbours - 1, axis=1)[:, :neighbours]
            close = np.take_along_axis(similarity, candidates, axis=1)
            order = np.argsort(-close, axis=1, kind="stable")
            index[batch] = np.take_along_axis(candidates, order, axis=1)
            cosine[batch] = np.take_along_axis(close, order, axis=1)

        return NearestExamples(index, cosine)

    def votes(self, nearest: NearestExamples, class_count: int) -> Floats:
        """Returns `(n, classes)`: the similarity-weighted kNN vote; each row sums to 1."""
        weight = np.exp(VOTE_SHARPNESS * (nearest.cosine - 1.0))
        votes = np.zeros((len(weight), class_count))
        row = np.arange(len(weight))[:, None]
        np.add.at(votes, (row, self.labels[nearest.index]), weight)

        return np.asarray(votes / votes.sum(axis=1, keepdims=True), np.float64)
