"""Regions of a route's requests: clusters of its examples, in which a version is judged by itself.

A version may be good at one kind of a route's requests and bad at another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MAX_REGIONS = 8
ROWS_PER_REGION = 8
"""Examples per region: with fewer, every region would wait long for evidence."""
ROUNDS = 20
"""Rounds of k-means; examples are few, so it has converged long before."""
HASH_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Regions:
    """The centroids `(k, d)` of a route's regions, of unit length, with their names in order.

    A name holds a hash of what the regions were made from: evidence about regions that are no more
    counts for the whole route alone.
    """

    names: tuple[str, ...]
    centroids: NDArray[np.float32]

    def names_of(self, vectors: NDArray[np.float32]) -> list[str]:
        """Returns the region of each vector `(n, d)`: that of the nearest centroid."""
        nearest = (vectors @ self.centroids.T).argmax(axis=1)
        return [self.names[int(index)] for index in nearest]


def find_regions(texts: Sequence[str], vectors: NDArray[np.float32], encoder: str) -> Regions:
    """Returns the regions of a route with these examples and their unit vectors `(n, d)`.

    Spherical k-means (Dhillon and Modha, 2001) from a farthest-first start, so that the same
    examples always give the same regions. A route with few examples has one region.
    """
    digest = hashlib.sha256(repr((encoder, sorted(texts))).encode()).hexdigest()[:HASH_DIGITS]
    count = max(1, min(MAX_REGIONS, len(texts) // ROWS_PER_REGION))
    order = np.array(sorted(range(len(texts)), key=lambda index: texts[index]), dtype=int)
    rows = _unit(vectors[order].astype(np.float64))

    centroids = _farthest_first(rows, count)
    for _ in range(ROUNDS):
        labels = (rows @ centroids.T).argmax(axis=1)
        moved = centroids.copy()
        for region in range(count):
            members = rows[labels == region]
            if len(members):
                moved[region] = members.mean(axis=0)

        moved = _unit(moved)
        if np.allclose(moved, centroids):
            break

        centroids = moved

    names = tuple(f"{digest}.{region}" for region in range(count))
    return Regions(names, centroids.astype(np.float32))


def _farthest_first(rows: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Returns the row nearest to the mean, then again and again the one farthest from those."""
    chosen = [int((rows @ _unit(rows.mean(axis=0, keepdims=True))[0]).argmax())]
    while len(chosen) < count:
        nearest = (rows @ rows[chosen].T).max(axis=1)
        chosen.append(int(nearest.argmin()))

    return rows[chosen].copy()


def _unit(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(lengths, 1e-12), dtype=np.float64)
