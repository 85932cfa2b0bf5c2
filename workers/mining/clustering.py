"""Vectors and texts in, groups of rows out that are likely one repeated request each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from workers.mining.cluster_selection import choose
from workers.mining.geometry_features import NEIGHBOURS, Shape
from workers.mining.linkage import Ints, Tree, grow
from workers.mining.neighbours import Rows, find_neighbours
from workers.mining.request_gate import Gate
from workers.mining.text_features import Wording

LARGEST_SHARE = 1 / 3
LARGEST = 400
CLOSED = 0.8
"""Of groups that are one whole type 99.5 % have at least this share of their rows' neighbours within; of others a third
has."""


@dataclass(frozen=True, slots=True)
class Group:
    """Rows that may be one request type: their positions ascending, the gate's probability, what it was read from."""

    rows: Ints
    s1: float
    measured: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Found:
    """The groups that passed the gate, and the best groups whatever the gate said; neither overlaps within itself."""

    passed: list[Group]
    considered: list[Group]


def find_groups(
    texts: Sequence[str], vectors: Rows, gate: Gate, least: int, threshold: float | None = None
) -> Found:
    """The groups of at least `least` rows. `vectors` is `(n, d)`, rows of length 1, in the order of `texts`.

    Candidates are all nodes of the rows' tree; the gate scores each, and the best set without
    overlap is chosen. Without a `threshold` the gate's own one counts, which is stricter the less
    repeats.
    """
    if len(texts) < max(least, 2):
        return Found([], [])

    tree, nodes, measured = measure(texts, vectors, least)
    score = dict(zip(nodes.tolist(), gate.score(measured).tolist(), strict=True))
    by_node = dict(zip(nodes.tolist(), measured, strict=True))

    def groups(limit: float) -> list[Group]:
        return [
            Group(tree.members(node), score[node], by_node[node])
            for node in choose(tree, score, limit)
        ]

    if threshold is None:
        likely = sum(tree.size[node] for node in choose(tree, score, gate.threshold))
        threshold = gate.limit(likely / len(texts))

    return Found(groups(threshold), groups(0.0))


def measure(
    texts: Sequence[str], vectors: Rows, least: int
) -> tuple[Tree, Ints, list[dict[str, float]]]:
    """The rows' tree, its nodes that are worth a look, and what the gate reads of each: how it lies, how it is worded.

    There must be two rows at least.
    """
    neighbours = find_neighbours(vectors, min(NEIGHBOURS, len(texts) - 1))
    tree = grow(vectors, neighbours)
    shape, wording = Shape(vectors, neighbours, tree), Wording(texts)
    nodes = _screened(shape, tree, least)

    return (
        tree,
        nodes,
        [{**shape.of(node), **wording.of(tree.members(node))} for node in map(int, nodes)],
    )


def _screened(shape: Shape, tree: Tree, least: int) -> Ints:
    """The nodes of a fitting size that are mostly their own rows' neighbourhood."""
    nodes = tree.nodes(least, max(int(tree.n * LARGEST_SHARE), LARGEST))
    return np.array([node for node in map(int, nodes) if shape.closed(node) >= CLOSED], np.intp)
