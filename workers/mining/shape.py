"""How a group of rows lies among the others: the geometric half of what the gate reads."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from workers.mining.neighbours import Neighbours, Rows
from workers.mining.tree import Ints, Tree

NEIGHBOURS = 20
GROWN = 1.5
ABOVE_ROOT = 1.2
AROUND = 10
AROUND_ROWS = 500
MOST_READ = 5_000
MOST_AROUND = 20_000
"""Of more rows or strangers than this an even sample is measured."""


class Shape:
    """The rows, their neighbours and their tree; `of(node)` measures the group below a node."""

    def __init__(self, vectors: Rows, neighbours: Neighbours, tree: Tree) -> None:
        self._vectors, self._neighbours, self._tree = vectors, neighbours, tree
        self._middle = vectors.mean(0)
        self._usual = float(np.median(neighbours.cosines[:, : min(5, neighbours.cosines.shape[1])].mean(1)))
        self._inside = np.zeros(len(vectors), bool)

    def closed(self, node: int) -> float:
        """The share of its rows' five nearest neighbours that are its own: 1 for a world of its own."""
        rows = self._tree.members(node)
        self._inside[rows] = True
        near = self._neighbours.rows[rows, :5]
        share = float((self._inside[near] & (near >= 0)).mean())
        self._inside[rows] = False
        return share

    def of(self, node: int) -> dict[str, float]:
        """The features of one node."""
        rows = self._tree.members(node)
        self._inside[rows] = True
        try:
            return {**self._place(node), **self._ball(node, rows), **self._edges(_even(rows, MOST_READ))}
        finally:
            self._inside[rows] = False

    def _around(self, node: int, rows: Ints) -> Ints:
        """Strangers that lie near: the rest of a larger branch, and its rows' neighbours elsewhere."""
        tree, enough = self._tree, max(AROUND * len(rows), AROUND_ROWS)
        while tree.parent[node] >= 0 and tree.size[node] < enough:
            node = int(tree.parent[node])
        branch = tree.order[tree.start[node] : tree.start[node] + tree.size[node]]
        near = self._neighbours.rows[rows].ravel()
        both = np.concatenate([branch, near[near >= 0]])
        return np.unique(both[~self._inside[both]])

    def _place(self, node: int) -> dict[str, float]:
        """Where it stands in the tree: how early it formed, how long it stays, how it is made up."""
        tree = self._tree
        size, height, parent = tree.size, tree.height, int(tree.parent[node])
        left, right = tree.children[node]
        larger, smaller = (left, right) if size[left] >= size[right] else (right, left)
        above = float(height[parent]) if parent >= 0 else ABOVE_ROOT
        top = node
        while tree.parent[top] >= 0 and size[top] < GROWN * size[node]:
            top = int(tree.parent[top])
        return {
            "height": float(height[node]),
            "stays": above - float(height[node]),
            "stays_while_growing": float(height[top] - height[node]),
            "jump": float(height[node] - height[larger]),
            "minor": float(size[smaller] / size[node]),
            "sibling": float(np.log((size[parent] - size[node]) / size[node])) if parent >= 0 else 3.0,
            "split": float(min(size[smaller], 30) / 30 * (height[node] - max(height[left], height[right]))),
            "size": float(np.log(size[node])),
            "size_for_here": float(np.log(size[node] / tree.n)),
            "rows": float(np.log(tree.n)),
        }

    def _ball(self, node: int, rows: Ints) -> dict[str, float]:
        """How tight it is around its centre, and how many strangers are as near to that centre."""
        own, n = self._vectors[_even(rows, MOST_READ)], len(rows)
        centre = own.mean(0)
        length = max(float(np.linalg.norm(centre)), 1e-9)
        direction = centre / length
        near = np.sort(own @ direction)
        outer, middle = near[int(0.15 * (len(near) - 1))], near[len(near) // 2]
        around = self._around(node, rows)
        read = _even(around, MOST_AROUND)
        strangers = np.sort(self._vectors[read] @ direction)
        weight = (len(around) / max(len(read), 1)) / (n / len(near))
        nearest = strangers[-max(3, int(len(near) / weight / 10)) :] if weight else strangers
        return {
            "cohesion": (n * length**2 - 1) / (n - 1),
            "tight": float(outer),
            "tight_middle": float(middle),
            "farthest": float(near[0]),
            "own_ball": _own(near, strangers, outer, weight),
            "own_core": _own(near, strangers, middle, weight),
            "gap": float(outer - nearest.mean()) if len(nearest) else 1.0,
            "common": float(self._middle @ direction),
        }

    def _edges(self, rows: Ints) -> dict[str, float]:
        """How many of its rows' nearest neighbours are its own, and how much nearer they are than strangers."""
        near, cosines = self._neighbours.rows[rows], self._neighbours.cosines[rows]
        own = self._inside[near] & (near >= 0)
        reach = min(10, len(rows) - 1)
        best_own = np.where(own, cosines, 0.0).max(1)
        best_other = np.where(own.all(1), cosines[:, -1], np.where(own, 0.0, cosines).max(1))
        return {
            "closed": float(own[:, :reach].mean()),
            "closed_near": float(own[:, :5].mean()),
            "closed_wide": float(own[:, : min(NEIGHBOURS, len(rows) - 1)].mean()),
            "closed_first": float(own[:, 0].mean()),
            "strays": float((own[:, :reach].mean(1) < 0.3).mean()),
            "dense": float(cosines[:, :5].mean()),
            "dense_for_here": float(cosines[:, :5].mean()) - self._usual,
            "nearest_own": float(best_own.mean()),
            "contrast": float(best_own.mean() - best_other.mean()),
        }


def _own(near: NDArray[np.floating], strangers: NDArray[np.floating], limit: float, weight: float) -> float:
    """The share of its own among all rows within that cosine of its centre; a stranger counts `weight` rows."""
    own, others = (len(rows) - int(np.searchsorted(rows, limit)) for rows in (near, strangers))
    return own / max(own + weight * others, 1.0)


def _even(rows: Ints, most: int) -> Ints:
    """At most so many of the rows, evenly spread."""
    return rows[:: -(-len(rows) // most)] if len(rows) > most else rows


def unit(rows: NDArray[np.float32]) -> Rows:
    """Rows of length 1."""
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-9), dtype=np.float32)
