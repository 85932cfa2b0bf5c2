"""Geometry of a cluster: how compact and how separate it is. One half of the gate's features."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from workers.mining.linkage import Dendrogram
from workers.mining.neighbours import Neighbours
from workers.mining.vectors import Vectors

NEIGHBOURS = 20
"""Neighbours of each row in the kNN graph."""

GROWTH = 1.5
"""A cluster persists until it has grown by this factor."""

ROOT_HEIGHT = 1.2
"""The height at which a root would merge, for nodes without a parent."""

BRANCH_FACTOR = 10
MIN_BRANCH_ROWS = 500
"""A cluster is compared with the branch around it: ten times its rows, at least this many."""

MAX_OWN_ROWS = 5_000
MAX_OUTSIDE_ROWS = 20_000
"""Of more rows than this an even sample is measured, so that large clusters cost no more."""

OUTER_QUANTILE = 0.15
"""The outermost rows are left out of a cluster's radius."""


class GeometryFeatures:
    """Measures nodes of one dendrogram.

    Vectors and neighbours are kept in the order of the dendrogram's leaves. There a cluster is a
    slice, so that measuring one copies nothing.
    """

    def __init__(self, vectors: Vectors, neighbours: Neighbours, tree: Dendrogram) -> None:
        self._tree = tree
        # Walking up the tree reads single numbers; from a memoryview that is several times faster
        # than from an array.
        self._size = tree.size.data
        self._parent = tree.parent.data
        self._mean = vectors.mean(0)

        # How near neighbours usually are here: a dense corpus must not look like one topic.
        nearest_five = neighbours.cosines[:, : min(5, neighbours.cosines.shape[1])]
        self._usual_cosine = float(np.median(nearest_five.mean(1)))

        position = np.empty(tree.n, np.int32)
        position[tree.order] = np.arange(tree.n, dtype=np.int32)
        self._vectors = vectors[tree.order]
        self._cosines = neighbours.cosines[tree.order]
        rows = neighbours.rows[tree.order]
        self._neighbours = np.where(rows >= 0, position[rows], -1)

    def neighbourhood_purity(self, node: int) -> float:
        """Returns the share, 0-1, of its rows' five nearest neighbours that belong to the node."""
        nearest = self._neighbours[self._slice(node), :5]
        return float(self._is_member(node, nearest).mean())

    def measure(self, node: int) -> dict[str, float]:
        """Returns the features of one node by name."""
        return {
            **self._dendrogram_features(node),
            **self._centroid_features(node),
            **self._graph_features(node),
        }

    def _slice(self, node: int, max_rows: int | None = None) -> slice:
        """Returns the leaves of the node; of more than `max_rows` an even sample."""
        start = int(self._tree.start[node])
        size = self._size[node]
        stride = -(-size // max_rows) if max_rows else 1
        return slice(start, start + size, stride)

    def _is_member(self, node: int, leaves: NDArray[np.integer]) -> NDArray[np.bool_]:
        """Returns which of these leaves lie below the node."""
        own = self._slice(node)
        below: NDArray[np.bool_] = (leaves >= own.start) & (leaves < own.stop)
        return below

    def _outside_cosines(self, node: int, direction: Vectors) -> tuple[Vectors, float]:
        """Returns cosines of outside rows to `direction`, and how many rows each represents.

        Outside are the other rows of the branch around the node, and neighbours of the node's rows
        that lie elsewhere in the dendrogram.
        """
        own = self._slice(node)
        branch = self._slice(self._branch(node))
        neighbours = self._neighbours[own].ravel()
        outside_branch = (neighbours < branch.start) | (neighbours >= branch.stop)
        elsewhere = np.unique(neighbours[(neighbours >= 0) & outside_branch])

        own_rows = own.stop - own.start
        outside_rows = branch.stop - branch.start - own_rows + len(elsewhere)
        stride = max(-(-outside_rows // MAX_OUTSIDE_ROWS), 1)
        parts = (
            self._vectors[branch.start : own.start : stride],
            self._vectors[own.stop : branch.stop : stride],
            self._vectors[elsewhere[::stride]],
        )
        return np.concatenate([part @ direction for part in parts]), float(stride)

    def _branch(self, node: int) -> int:
        """Returns the node or its first ancestor with enough rows to compare it with."""
        enough = max(BRANCH_FACTOR * self._size[node], MIN_BRANCH_ROWS)
        while self._parent[node] >= 0 and self._size[node] < enough:
            node = self._parent[node]

        return node

    def _dendrogram_features(self, node: int) -> dict[str, float]:
        """Returns when the cluster formed, how long it persists, and how it is composed."""
        size = self._size
        height = self._tree.height
        parent = self._parent[node]
        left, right = map(int, self._tree.children[node])
        if size[left] >= size[right]:
            larger, smaller = left, right
        else:
            larger, smaller = right, left

        if parent >= 0:
            parent_height = float(height[parent])
            sibling = float(np.log((size[parent] - size[node]) / size[node]))
        else:
            parent_height = ROOT_HEIGHT
            sibling = 3.0

        # The first ancestor that has grown enough to be another cluster: stray rows that join one
        # by one do not end a cluster's life.
        grown = node
        while self._parent[grown] >= 0 and size[grown] < GROWTH * size[node]:
            grown = self._parent[grown]

        # Large halves that are each much tighter than the whole speak for two requests in one.
        child_height = max(height[left], height[right])
        balance = min(size[smaller], 30) / 30

        return {
            "height": float(height[node]),
            "stays": parent_height - float(height[node]),
            "stays_while_growing": float(height[grown] - height[node]),
            "jump": float(height[node] - height[larger]),
            "minor": float(size[smaller] / size[node]),
            "sibling": sibling,
            "split": float(balance * (height[node] - child_height)),
            "size": float(np.log(size[node])),
            "size_for_here": float(np.log(size[node] / self._tree.n)),
            "rows": float(np.log(self._tree.n)),
        }

    def _centroid_features(self, node: int) -> dict[str, float]:
        """Returns how tight the cluster is around its centroid, and how near other rows come."""
        own = self._vectors[self._slice(node, MAX_OWN_ROWS)]
        n = self._size[node]
        mean = own.mean(0)
        length = max(float(np.linalg.norm(mean)), 1e-9)
        direction = mean / length
        cosines = np.sort(own @ direction)
        outer = cosines[int(OUTER_QUANTILE * (len(cosines) - 1))]
        median = cosines[len(cosines) // 2]

        outside, represents = self._outside_cosines(node, direction)
        # Own rows may be sampled, too: one outside cosine weighs as many own cosines.
        weight = represents / (n / len(cosines))
        count = min(max(3, int(len(cosines) / weight / 10)), len(outside))
        nearest_outside = np.partition(outside, -count)[-count:] if count else outside
        gap = float(outer - nearest_outside.mean()) if len(nearest_outside) else 1.0

        return {
            # The mean cosine over all pairs of different rows: the squared length of the mean
            # counts each row with itself, which is taken out again.
            "cohesion": (n * length**2 - 1) / (n - 1),
            "tight": float(outer),
            "tight_middle": float(median),
            "farthest": float(cosines[0]),
            "own_ball": _own_share(cosines, outside, outer, weight),
            "own_core": _own_share(cosines, outside, median, weight),
            "gap": gap,
            "common": float(self._mean @ direction),
        }

    def _graph_features(self, node: int) -> dict[str, float]:
        """Returns how closed the cluster is in the kNN graph, and how far it is from others."""
        rows = self._slice(node, MAX_OWN_ROWS)
        n = self._size[node]
        cosines = self._cosines[rows]
        own = self._is_member(node, self._neighbours[rows])
        # A cluster of n rows can offer at most n - 1 neighbours.
        reach = min(10, n - 1)
        wide = min(NEIGHBOURS, n - 1)

        nearest_own = np.where(own, cosines, 0.0).max(1)
        nearest_other = np.where(own, 0.0, cosines).max(1)
        # Where all neighbours are own ones, the nearest other row is no nearer than the last.
        nearest_other = np.where(own.all(1), cosines[:, -1], nearest_other)
        density = float(cosines[:, :5].mean())

        return {
            "closed": float(own[:, :reach].mean()),
            "closed_near": float(own[:, :5].mean()),
            "closed_wide": float(own[:, :wide].mean()),
            "closed_first": float(own[:, 0].mean()),
            "strays": float((own[:, :reach].mean(1) < 0.3).mean()),
            "dense": density,
            "dense_for_here": density - self._usual_cosine,
            "nearest_own": float(nearest_own.mean()),
            "contrast": float(nearest_own.mean() - nearest_other.mean()),
        }


def _own_share(own: Vectors, outside: Vectors, radius: float, weight: float) -> float:
    """Returns the share of own rows within that cosine; an outside row counts `weight`."""
    own_inside = int((own >= radius).sum())
    outside_inside = int((outside >= radius).sum())
    return own_inside / max(own_inside + weight * outside_inside, 1.0)
