"""How a group of rows lies among the others: the geometric half of what the gate reads."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from workers.mining.neighbours import Neighbours, Rows
from workers.mining.tree import Ints, Tree

NEIGHBOURS = 20
GROWN = 1.5
ABOVE_ROOT = 1.2


class Shape:
    """The rows, their neighbours and their tree; `of(node)` measures the group below a node."""

    def __init__(self, vectors: Rows, neighbours: Neighbours, tree: Tree) -> None:
        self._vectors, self._neighbours, self._tree = vectors, neighbours, tree
        self._middle = vectors.mean(0)
        self._inside = np.zeros(len(vectors), bool)

    def of(self, node: int) -> dict[str, float]:
        """The features of one node."""
        rows = self._tree.members(node)
        self._inside[rows] = True
        try:
            return {**self._place(node), **self._ball(rows), **self._edges(rows)}
        finally:
            self._inside[rows] = False

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

    def _ball(self, rows: Ints) -> dict[str, float]:
        """How tight it is around its centre, and how many strangers are as near to that centre."""
        own, n = self._vectors[rows], len(rows)
        centre = own.mean(0)
        length = max(float(np.linalg.norm(centre)), 1e-9)
        all_near = self._vectors @ (centre / length)
        near = np.sort(all_near[rows])
        outer, middle = np.quantile(near, 0.15), np.quantile(near, 0.5)
        strangers = all_near[~self._inside]
        nearest = max(3, n // 10)
        outside = np.partition(strangers, -nearest)[-nearest:] if len(strangers) > nearest else strangers
        return {
            "cohesion": (n * length**2 - 1) / (n - 1),
            "tight": float(outer),
            "tight_middle": float(middle),
            "farthest": float(near[0]),
            "own_ball": float(self._inside[all_near >= outer].mean()),
            "own_core": float(self._inside[all_near >= middle].mean()),
            "gap": float(outer - outside.mean()) if len(outside) else 1.0,
            "common": float(self._middle @ centre / length),
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
            "nearest_own": float(best_own.mean()),
            "contrast": float(best_own.mean() - best_other.mean()),
        }


def unit(rows: NDArray[np.float32]) -> Rows:
    """Rows of length 1."""
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-9), dtype=np.float32)
