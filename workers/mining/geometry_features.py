"""How a group of rows lies among the others: the geometric half of what the gate reads."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from workers.mining.linkage import Tree
from workers.mining.neighbours import Neighbours, Rows

NEIGHBOURS = 20
GROWN = 1.5
ABOVE_ROOT = 1.2
AROUND = 10
AROUND_ROWS = 500
MOST_READ = 5_000
MOST_AROUND = 20_000
"""Of more rows or strangers than this an even sample is measured."""


class Shape:
    """The rows, their neighbours and their tree; `of(node)` measures the group below a node.

    Everything is kept in the order of the tree, in which a group is a slice: nothing has to be
    gathered for it.
    """

    def __init__(self, vectors: Rows, neighbours: Neighbours, tree: Tree) -> None:
        self._tree = tree
        # Read one by one on the way up: as plain numbers that is several times faster than from an
        # array.
        self._size, self._parent = tree.size.data, tree.parent.data
        self._middle = vectors.mean(0)
        self._usual = float(
            np.median(neighbours.cosines[:, : min(5, neighbours.cosines.shape[1])].mean(1))
        )
        place = np.empty(tree.n, np.int32)
        place[tree.order] = np.arange(tree.n, dtype=np.int32)
        self._vectors, self._cosines = vectors[tree.order], neighbours.cosines[tree.order]
        near = neighbours.rows[tree.order]
        self._near = np.where(near >= 0, place[near], -1)

    def closed(self, node: int) -> float:
        """The share of its rows' five nearest neighbours that are its own: 1 for a world of its own."""
        near = self._near[self._rows(node), :5]
        return float(self._inside(node, near).mean())

    def of(self, node: int) -> dict[str, float]:
        """The features of one node."""
        return {**self._place(node), **self._ball(node), **self._edges(node)}

    def _rows(self, node: int, most: int | None = None) -> slice:
        """The places of its rows; where there are more than `most`, of an even sample of them."""
        start, size = int(self._tree.start[node]), self._size[node]
        return slice(start, start + size, -(-size // most) if most else 1)

    def _inside(self, node: int, near: NDArray[np.integer]) -> NDArray[np.bool_]:
        """Which of these places are below that node."""
        rows = self._rows(node)
        below: NDArray[np.bool_] = (near >= rows.start) & (near < rows.stop)
        return below

    def _around(self, node: int, direction: Rows) -> tuple[Rows, float]:
        """How near strangers lie to that direction, and how many of them each figure stands for.

        Strangers are the rest of a larger branch, and its rows' neighbours elsewhere.
        """
        rows, branch = self._rows(node), self._rows(self._branch(node))
        near = self._near[rows].ravel()
        elsewhere = np.unique(near[(near >= 0) & ((near < branch.start) | (near >= branch.stop))])
        count = branch.stop - branch.start - (rows.stop - rows.start) + len(elsewhere)
        step = max(-(-count // MOST_AROUND), 1)
        before, after = (
            self._vectors[branch.start : rows.start : step],
            self._vectors[rows.stop : branch.stop : step],
        )
        parts = (before, after, self._vectors[elsewhere[::step]])

        return np.concatenate([part @ direction for part in parts]), float(step)

    def _branch(self, node: int) -> int:
        """The node or the first above it with enough rows to compare it with."""
        enough = max(AROUND * self._size[node], AROUND_ROWS)
        while self._parent[node] >= 0 and self._size[node] < enough:
            node = self._parent[node]

        return node

    def _place(self, node: int) -> dict[str, float]:
        """Where it stands in the tree: how early it formed, how long it stays, how it is made up."""
        size, height, parent = self._size, self._tree.height, self._parent[node]
        left, right = map(int, self._tree.children[node])
        larger, smaller = (left, right) if size[left] >= size[right] else (right, left)
        above = float(height[parent]) if parent >= 0 else ABOVE_ROOT

        top = node
        while self._parent[top] >= 0 and size[top] < GROWN * size[node]:
            top = self._parent[top]

        return {
            "height": float(height[node]),
            "stays": above - float(height[node]),
            "stays_while_growing": float(height[top] - height[node]),
            "jump": float(height[node] - height[larger]),
            "minor": float(size[smaller] / size[node]),
            "sibling": float(np.log((size[parent] - size[node]) / size[node]))
            if parent >= 0
            else 3.0,
            "split": float(
                min(size[smaller], 30) / 30 * (height[node] - max(height[left], height[right]))
            ),
            "size": float(np.log(size[node])),
            "size_for_here": float(np.log(size[node] / self._tree.n)),
            "rows": float(np.log(self._tree.n)),
        }

    def _ball(self, node: int) -> dict[str, float]:
        """How tight it is around its centre, and how many strangers are as near to that centre."""
        own, n = self._vectors[self._rows(node, MOST_READ)], self._size[node]
        centre = own.mean(0)
        length = max(float(np.linalg.norm(centre)), 1e-9)
        direction = centre / length
        near = np.sort(own @ direction)
        outer, middle = near[int(0.15 * (len(near) - 1))], near[len(near) // 2]
        strangers, stands_for = self._around(node, direction)
        weight = stands_for / (n / len(near))
        most = min(max(3, int(len(near) / weight / 10)), len(strangers))
        nearest = np.partition(strangers, -most)[-most:] if most else strangers

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

    def _edges(self, node: int) -> dict[str, float]:
        """How many of its rows' nearest neighbours are its own, and how much nearer they are than strangers."""
        rows, n = self._rows(node, MOST_READ), self._size[node]
        cosines = self._cosines[rows]
        own = self._inside(node, self._near[rows])
        reach = min(10, n - 1)
        best_own = np.where(own, cosines, 0.0).max(1)
        best_other = np.where(own.all(1), cosines[:, -1], np.where(own, 0.0, cosines).max(1))

        return {
            "closed": float(own[:, :reach].mean()),
            "closed_near": float(own[:, :5].mean()),
            "closed_wide": float(own[:, : min(NEIGHBOURS, n - 1)].mean()),
            "closed_first": float(own[:, 0].mean()),
            "strays": float((own[:, :reach].mean(1) < 0.3).mean()),
            "dense": float(cosines[:, :5].mean()),
            "dense_for_here": float(cosines[:, :5].mean()) - self._usual,
            "nearest_own": float(best_own.mean()),
            "contrast": float(best_own.mean() - best_other.mean()),
        }


def _own(near: Rows, strangers: Rows, limit: float, weight: float) -> float:
    """The share of its own among all rows within that cosine of its centre; a stranger counts `weight` rows."""
    own, others = int((near >= limit).sum()), int((strangers >= limit).sum())
    return own / max(own + weight * others, 1.0)


def unit(rows: NDArray[np.float32]) -> Rows:
    """Rows of length 1."""
    return np.asarray(
        rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-9), dtype=np.float32
    )
