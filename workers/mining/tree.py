"""Rows in a tree: the nearer two groups are on average, the earlier they meet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workers.mining.neighbours import Rows

Ints = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Tree:
    """Average linkage by cosine. Nodes below `n` are rows, the others are merges, children before parents.

    `order` holds the rows so that each node's members are the slice `start[node] : start[node] + size[node]`. `height`
    is the mean cosine distance at which its children met (0 for a row); `parent` is -1 for a root.
    """

    order: Ints
    start: Ints
    size: Ints
    parent: Ints
    children: Ints
    height: NDArray[np.float64]

    @property
    def n(self) -> int:
        """How many rows there are."""
        return len(self.order)

    def members(self, node: int) -> Ints:
        """The rows below that node, ascending."""
        return np.sort(self.order[self.start[node] : self.start[node] + self.size[node]])

    def nodes(self, least: int, most: int) -> Ints:
        """The merges that hold at least `least` and at most `most` rows, children before parents."""
        merges = np.arange(self.n, len(self.size))
        return merges[(self.size[merges] >= least) & (self.size[merges] <= most)]


def grow(vectors: Rows) -> Tree:
    """The tree of all rows, `(n, d)` of length 1 and n >= 2. Needs 8 n^2 / 2 bytes while it grows."""
    from scipy.cluster.hierarchy import linkage

    n = len(vectors)
    apart = np.empty(n * (n - 1) // 2)
    place = 0
    for start in range(0, n - 1, 512):
        near = vectors[start : start + 512] @ vectors[start:].T
        for i in range(min(512, n - 1 - start)):
            row = near[i, i + 1 :]
            np.subtract(1.0, row, out=apart[place : place + len(row)], dtype=np.float64)
            place += len(row)
    np.maximum(apart, 0.0, out=apart)
    return _read(linkage(apart, "average"), n)


def _read(merges: NDArray[np.float64], n: int) -> Tree:
    total = 2 * n - 1
    size, start = np.ones(total, np.intp), np.zeros(total, np.intp)
    parent, height = np.full(total, -1, np.intp), np.zeros(total)
    children = np.full((total, 2), -1, np.intp)
    children[n:] = merges[:, :2].astype(np.intp)
    size[n:] = merges[:, 3].astype(np.intp)
    height[n:] = merges[:, 2]
    for node in range(total - 1, n - 1, -1):
        left, right = children[node]
        parent[left] = parent[right] = node
        start[left], start[right] = start[node], start[node] + size[left]
    order = np.empty(n, np.intp)
    order[start[:n]] = np.arange(n)
    return Tree(order, start, size, parent, children, height)
