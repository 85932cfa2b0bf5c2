"""Average linkage (UPGMA) by cosine on a kNN graph, merging reciprocal nearest neighbours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workers.mining.neighbours import Neighbours
from workers.mining.vectors import Vectors

MIN_MEAN_COSINE = 0.1
"""Clusters with a mean cosine below this never merge: together they could not be one request."""

BLOCK_PAIRS = 16_384

Ints = NDArray[np.integer]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Dendrogram:
    """The forest that average linkage builds over `n` rows.

    Nodes `0` to `n - 1` are the rows, later ones are merges, children before parents. `order` lists
    the rows such that the members of a node are the slice `start[node] : start[node] + size[node]`.
    `height` is the mean cosine distance at which the two children merged (0 for a row). `parent` is
    -1 for a root; there can be many roots, because clusters that are too far apart never merge.
    """

    order: Ints
    start: Ints
    size: Ints
    parent: Ints
    children: Ints
    height: Floats

    @property
    def n(self) -> int:
        """The number of rows."""
        return len(self.order)

    def members(self, node: int) -> Ints:
        """Returns the rows below that node, ascending."""
        return np.sort(self.order[self.start[node] : self.start[node] + self.size[node]])

    def nodes(self, min_size: int, max_size: int) -> Ints:
        """Returns the merges with `min_size` to `max_size` rows, children before parents."""
        merges = np.arange(self.n, len(self.size))
        return merges[(self.size[merges] >= min_size) & (self.size[merges] <= max_size)]


def average_linkage(vectors: Vectors, neighbours: Neighbours) -> Dendrogram:
    """Clusters all rows, `(n, d)` of length 1, bottom-up.

    Two clusters may merge when a row of one is among the nearest neighbours of a row of the other.
    Two facts make this fast. For unit vectors the mean cosine between two clusters is the dot
    product of their means, so that no distance matrix is needed. And average linkage is reducible
    (Bruynooghe 1977; Murtagh 1983, "A survey of recent advances in hierarchical clustering
    algorithms"): all pairs that are each other's nearest neighbour can merge in the same round
    without changing the result. Some dozens of rounds suffice.
    """
    clusters = Agglomeration(vectors)
    left, right, cosines = _edges(neighbours)

    while True:
        pairs = _reciprocal_pairs(left, right, cosines, clusters.count)
        if not len(pairs):
            return clusters.dendrogram()

        current = clusters.merge(left[pairs], right[pairs], cosines[pairs])
        left, right, cosines = _contract(left, right, cosines, current, clusters)


class Agglomeration:
    """The clusters so far: what merged into what, and the mean vector of each current root."""

    def __init__(self, vectors: Vectors) -> None:
        self.n = self.count = len(vectors)
        # A binary forest over n leaves has fewer than 2 n nodes.
        total = 2 * self.n
        self._means = vectors.astype(np.float32)
        # A merge takes over the slot of its left child, whose own mean is never needed again. So
        # there are never more means than rows.
        self._slot = np.arange(total, dtype=np.int32)
        self._size = np.ones(total, np.int32)
        self._parent = np.full(total, -1, np.int32)
        self._children = np.full((total, 2), -1, np.int32)
        self._height = np.zeros(total, np.float32)
        self._rounds: list[Ints] = []

    def merge(self, left: Ints, right: Ints, cosines: Floats) -> Ints:
        """Adds a node for each pair; returns for every node the one that it now belongs to."""
        new = np.arange(self.count, self.count + len(left), dtype=np.int32)
        self.count += len(left)
        self._rounds.append(new)
        kept_slot = self._slot[left]
        freed_slot = self._slot[right]

        for block in _blocks(len(left)):
            left_size = self._size[left[block], None]
            right_size = self._size[right[block], None]
            # Update the weighted mean as m += w (x - m), which loses less in single precision than
            # adding up sums and dividing them.
            weight = (right_size / (left_size + right_size)).astype(np.float32)
            change = self._means[freed_slot[block]] - self._means[kept_slot[block]]
            self._means[kept_slot[block]] += weight * change

        self._slot[new] = kept_slot
        self._size[new] = self._size[left] + self._size[right]
        self._height[new] = 1.0 - cosines
        self._children[new, 0] = left
        self._children[new, 1] = right
        self._parent[left] = new
        self._parent[right] = new

        current = np.arange(self.count, dtype=np.int32)
        current[left] = new
        current[right] = new
        return current

    def mean_cosines(self, left: Ints, right: Ints) -> Floats:
        """Returns the mean cosine between the rows of two clusters, for each pair."""
        out = np.empty(len(left), np.float32)
        for block in _blocks(len(left)):
            left_means = self._means[self._slot[left[block]]]
            right_means = self._means[self._slot[right[block]]]
            out[block] = np.einsum("ij,ij->i", left_means, right_means)

        return out

    def dendrogram(self) -> Dendrogram:
        """Returns the forest so far; a row that merged with nothing is a tree of its own."""
        size = self._size[: self.count]
        parent = self._parent[: self.count]

        # Lay the trees out one after the other, then, from the last round to the first, place the
        # left child where its parent starts and the right child behind it.
        start = np.zeros(self.count, np.intp)
        roots = np.flatnonzero(parent < 0)
        start[roots] = np.cumsum(size[roots]) - size[roots]

        for nodes in reversed(self._rounds):
            left, right = self._children[nodes].T
            start[left] = start[nodes]
            start[right] = start[nodes] + size[left]

        order = np.empty(self.n, np.intp)
        order[start[: self.n]] = np.arange(self.n)
        children = self._children[: self.count]
        return Dendrogram(order, start, size, parent, children, self._height[: self.count])


def _blocks(count: int) -> Iterator[slice]:
    """Yields slices of at most BLOCK_PAIRS, which bound the memory of one step."""
    return (slice(start, start + BLOCK_PAIRS) for start in range(0, count, BLOCK_PAIRS))


def _edges(neighbours: Neighbours) -> tuple[Ints, Ints, Floats]:
    """Returns the edges of the kNN graph, each once, the smaller row first, in ascending order."""
    n, k = neighbours.rows.shape
    source = np.repeat(np.arange(n, dtype=np.int64), k)
    target = neighbours.rows.ravel()

    # One integer for each undirected edge, so that duplicates are found by a single sort.
    keys = np.minimum(source, target) * n + np.maximum(source, target)
    keys = np.where(target >= 0, keys, -1)
    first = np.unique(keys, return_index=True)[1]
    first = first[keys[first] >= 0]
    keys = keys[first]

    left = (keys // n).astype(np.int32)
    right = (keys % n).astype(np.int32)
    return left, right, neighbours.cosines.ravel()[first]


def _reciprocal_pairs(left: Ints, right: Ints, cosines: Floats, count: int) -> Ints:
    """Returns the positions of reciprocal nearest pairs; no cluster is in two of them."""
    best = np.full(count, MIN_MEAN_COSINE, np.float32)
    np.maximum.at(best, left, cosines)
    np.maximum.at(best, right, cosines)
    pairs = np.flatnonzero((cosines >= best[left]) & (cosines >= best[right]))

    # Equal cosines can make a cluster part of several pairs. The first pair wins for both of its
    # clusters, or it waits for the next round; this depends on the order of edges alone.
    first_pair = np.full(count, len(left), np.int64)
    np.minimum.at(first_pair, left[pairs], pairs)
    np.minimum.at(first_pair, right[pairs], pairs)
    unambiguous = (first_pair[left[pairs]] == pairs) & (first_pair[right[pairs]] == pairs)
    selected: Ints = pairs[unambiguous]
    return selected


def _contract(
    left: Ints, right: Ints, cosines: Floats, current: Ints, clusters: Agglomeration
) -> tuple[Ints, Ints, Floats]:
    """Replaces merged ends of the edges, and computes again only the cosines that this changes."""
    new_left = current[left]
    new_right = current[right]
    changed = (new_left != left) | (new_right != right)
    unchanged = ~changed

    low = np.minimum(new_left, new_right)[changed]
    high = np.maximum(new_left, new_right)[changed]
    # An edge within a merged cluster disappears, parallel edges become one.
    keys = np.unique((low.astype(np.int64) * clusters.count + high)[low != high])
    low = (keys // clusters.count).astype(np.int32)
    high = (keys % clusters.count).astype(np.int32)
    fresh = clusters.mean_cosines(low, high)
    near = fresh > MIN_MEAN_COSINE

    return (
        np.concatenate([left[unchanged], low[near]]),
        np.concatenate([right[unchanged], high[near]]),
        np.concatenate([cosines[unchanged], fresh[near]]),
    )
