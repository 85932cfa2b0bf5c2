"""Tree-cut selection: the best set of dendrogram nodes that do not overlap."""

from __future__ import annotations

from collections.abc import Mapping

from workers.mining.linkage import Dendrogram

NO_NODE = -1


def select_disjoint(tree: Dendrogram, score: Mapping[int, float], threshold: float) -> list[int]:
    """Returns the non-overlapping nodes with the greatest sum of `score - threshold`, ascending.

    The result is exact, by dynamic programming from the leaves up: a node is worth the larger of
    its own gain and the best selection below it. Nodes without a score are never selected. Of two
    equal gains the larger node wins.
    """
    gain: dict[int, float] = {}
    selected: dict[int, list[int]] = {}
    children = _scored_children(tree, score)

    # Children have smaller numbers than their parents, so that ascending order is bottom-up.
    for node in sorted(score):
        below = children.get(node, [])
        gain_below = sum(gain[child] for child in below)
        own_gain = score[node] - threshold

        if own_gain > 0 and own_gain >= gain_below:
            gain[node] = own_gain
            selected[node] = [node]
        else:
            gain[node] = gain_below
            selected[node] = _join(selected, below)

    return sorted(_join(selected, children.get(NO_NODE, [])))


def _scored_children(tree: Dendrogram, score: Mapping[int, float]) -> dict[int, list[int]]:
    """Returns the scored nodes right below each scored node, and below NO_NODE those at the top."""
    children: dict[int, list[int]] = {}
    for node in sorted(score):
        ancestor = int(tree.parent[node])
        while ancestor != NO_NODE and ancestor not in score:
            ancestor = int(tree.parent[ancestor])

        children.setdefault(ancestor, []).append(node)

    return children


def _join(selected: Mapping[int, list[int]], nodes: list[int]) -> list[int]:
    joined: list[int] = []
    for node in nodes:
        joined += selected[node]

    return joined
