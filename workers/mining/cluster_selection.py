"""Out of a tree of overlapping possible types the best set that does not overlap."""

from __future__ import annotations

from collections.abc import Mapping

from workers.mining.linkage import Tree


def choose(tree: Tree, score: Mapping[int, float], threshold: float) -> list[int]:
    """The nodes whose scores above `threshold` add up to most, none within another; ascending.

    Exact: from the rows up, a node is worth more than the best choice below it or it is not taken.
    Nodes without a score are never taken. Of equal worth the larger node wins.
    """
    worth: dict[int, float] = {}
    taken: dict[int, list[int]] = {}
    below = _nearest_scored(tree, score)

    for node in sorted(score):
        inside = sum(worth[child] for child in below.get(node, ()))

        own = score[node] - threshold
        if own > 0 and own >= inside:
            worth[node], taken[node] = own, [node]
        else:
            worth[node] = inside
            taken[node] = [each for child in below.get(node, ()) for each in taken[child]]

    return sorted(each for root in below.get(-1, ()) for each in taken[root])


def _nearest_scored(tree: Tree, score: Mapping[int, float]) -> dict[int, list[int]]:
    """For each scored node, and -1 for none, the scored nodes right below it."""
    below: dict[int, list[int]] = {}
    for node in sorted(score):
        above = int(tree.parent[node])
        while above >= 0 and above not in score:
            above = int(tree.parent[above])

        below.setdefault(above, []).append(node)

    return below
