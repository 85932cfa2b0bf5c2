"""Rows in trees: the nearer two groups are on average, the earlier they meet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workers.mining.neighbours import Neighbours, Rows

APART = 0.1
"""Groups whose rows have a mean cosine below this are not joined: there is nothing left to be
one request."""

BLOCK = 16_384

Ints = NDArray[np.integer]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Tree:
    """Average linkage by cosine. Nodes below `n` are rows, the others are merges, children before parents.

    `order` holds the rows so that each node's members are the slice `start[node] : start[node] +
    size[node]`. `height` is the mean cosine distance at which its children met (0 for a row);
    `parent` is -1 for a root. There can be many.
    """

    order: Ints
    start: Ints
    size: Ints
    parent: Ints
    children: Ints
    height: Floats

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


def grow(vectors: Rows, neighbours: Neighbours) -> Tree:
    """The trees of all rows, `(n, d)` of length 1.

    Two groups can meet when a row of one is among the nearest of a row of the other. The mean
    cosine between two groups is the product of their means, and average linkage is reducible: pairs
    that are each other's nearest can all be joined at once without changing the outcome. So it
    takes some dozens of rounds and no distance matrix.
    """
    grove = _Grove(vectors)
    left, right, near = _edges(neighbours)

    while True:
        pairs = _each_others_nearest(left, right, near, grove.count)
        if not len(pairs):
            return grove.tree()

        moved = grove.join(left[pairs], right[pairs], near[pairs])
        left, right, near = _moved(left, right, near, moved, grove)


class _Grove:
    """The groups so far: what joined into what, and the mean of each that has not joined another yet."""

    def __init__(self, vectors: Rows) -> None:
        self.n = self.count = len(vectors)
        total = 2 * self.n
        self._mean = vectors.astype(np.float32)
        # A group takes the place of its left half, which is never asked for again: no more means
        # than rows.
        self._place = np.arange(total, dtype=np.int32)
        self._size = np.ones(total, np.int32)
        self._parent = np.full(total, -1, np.int32)
        self._children = np.full((total, 2), -1, np.int32)
        self._height = np.zeros(total, np.float32)
        self._rounds: list[Ints] = []

    def join(self, left: Ints, right: Ints, near: Floats) -> Ints:
        """Each pair is a new node; returns for every node the node that it now belongs to."""
        new = np.arange(self.count, self.count + len(left), dtype=np.int32)
        self.count += len(left)
        self._rounds.append(new)
        place, other = self._place[left], self._place[right]

        for part in _blocks(len(left)):
            a, b = self._size[left[part], None], self._size[right[part], None]
            share = (b / (a + b)).astype(np.float32)
            self._mean[place[part]] += share * (self._mean[other[part]] - self._mean[place[part]])

        self._place[new] = place
        self._size[new] = self._size[left] + self._size[right]
        self._height[new] = 1.0 - near
        self._children[new, 0], self._children[new, 1] = left, right
        self._parent[left] = self._parent[right] = new
        moved = np.arange(self.count, dtype=np.int32)
        moved[left] = moved[right] = new

        return moved

    def near(self, left: Ints, right: Ints) -> Floats:
        """The mean cosine between the rows of two groups, for each pair."""
        out = np.empty(len(left), np.float32)
        for part in _blocks(len(left)):
            one, other = self._place[left[part]], self._place[right[part]]
            out[part] = np.einsum("ij,ij->i", self._mean[one], self._mean[other])

        return out

    def tree(self) -> Tree:
        """What has grown; rows that joined nothing are trees of their own."""
        count, size, parent = self.count, self._size[: self.count], self._parent[: self.count]
        start = np.zeros(count, np.intp)
        roots = np.flatnonzero(parent < 0)
        start[roots] = np.cumsum(size[roots]) - size[roots]

        for nodes in reversed(self._rounds):
            left, right = self._children[nodes].T
            start[left], start[right] = start[nodes], start[nodes] + size[left]

        order = np.empty(self.n, np.intp)
        order[start[: self.n]] = np.arange(self.n)
        return Tree(order, start, size, parent, self._children[:count], self._height[:count])


def _blocks(count: int) -> Iterator[slice]:
    return (slice(start, start + BLOCK) for start in range(0, count, BLOCK))


def _edges(neighbours: Neighbours) -> tuple[Ints, Ints, Floats]:
    """Every pair of neighbours once, the smaller number first, in ascending order."""
    n, k = neighbours.rows.shape
    one, other = np.repeat(np.arange(n, dtype=np.int64), k), neighbours.rows.ravel()
    keys = np.where(other >= 0, np.minimum(one, other) * n + np.maximum(one, other), -1)
    first = np.unique(keys, return_index=True)[1]
    kept = keys[first]
    first, kept = first[kept >= 0], kept[kept >= 0]

    return (
        (kept // n).astype(np.int32),
        (kept % n).astype(np.int32),
        neighbours.cosines.ravel()[first],
    )


def _each_others_nearest(left: Ints, right: Ints, near: Floats, count: int) -> Ints:
    """The places of the pairs in which each is the other's nearest; no group is in two of them."""
    best = np.full(count, APART, np.float32)
    np.maximum.at(best, left, near)
    np.maximum.at(best, right, near)
    pairs = np.flatnonzero((near >= best[left]) & (near >= best[right]))
    used = np.full(count, len(left), np.int64)
    np.minimum.at(used, left[pairs], pairs)
    np.minimum.at(used, right[pairs], pairs)
    found: Ints = pairs[(used[left[pairs]] == pairs) & (used[right[pairs]] == pairs)]

    return found


def _moved(
    left: Ints, right: Ints, near: Floats, moved: Ints, grove: _Grove
) -> tuple[Ints, Ints, Floats]:
    """The pairs after a round: ends that were joined are replaced, and only their nearness is worked out again."""
    one, other = moved[left], moved[right]
    changed = (one != left) | (other != right)
    still = ~changed
    a, b = np.minimum(one, other)[changed], np.maximum(one, other)[changed]
    keys = np.unique((a.astype(np.int64) * grove.count + b)[a != b])
    a, b = (keys // grove.count).astype(np.int32), (keys % grove.count).astype(np.int32)
    fresh = grove.near(a, b)
    kept = fresh > APART

    return (
        np.concatenate([left[still], a[kept]]),
        np.concatenate([right[still], b[kept]]),
        np.concatenate([near[still], fresh[kept]]),
    )
