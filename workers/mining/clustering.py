"""Vectors and texts in, clusters out that are probably one repeated request each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from router.speech.acts import speech_act
from workers.mining.cluster_selection import select_disjoint
from workers.mining.geometry_features import NEIGHBOURS, GeometryFeatures
from workers.mining.linkage import Dendrogram, Ints, average_linkage
from workers.mining.mood.asking import is_mostly_english, load_asking_model
from workers.mining.neighbours import find_neighbours
from workers.mining.request_gate import RequestGate
from workers.mining.text_features import TextFeatures
from workers.mining.vectors import Vectors

MAX_ROW_SHARE = 1 / 3
ALWAYS_ALLOWED_ROWS = 400
"""A cluster holds at most a third of all rows; in small inputs it may hold this many."""

MIN_PURITY = 0.8
"""Share of its rows' neighbours that a cluster must hold itself.

In labelled streams 99.5 % of the nodes that are one whole type reach it, and a third of the others.
"""


TELLING = 0.1
"""Below this probability of asking a row of a cluster surely tells something.

Of the requests of companies and types 1 % lie below it, of what companies say every day a fifth to
three fifths.
"""


@dataclass(frozen=True, slots=True)
class RowGroup:
    """Rows that may be one request type.

    Attributes:
        rows: Their positions, ascending.
        request_probability: The gate's probability that they are, 0-1.
        features: The features that the gate scored.
    """

    rows: Ints
    request_probability: float
    features: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Selection:
    """Two disjoint sets of groups: those that passed the gate, and the best at any threshold."""

    passed: list[RowGroup]
    considered: list[RowGroup]


def cluster_rows(
    texts: Sequence[str],
    vectors: Vectors,
    gate: RequestGate,
    min_rows: int,
    threshold: float | None = None,
) -> Selection:
    """Returns the groups of at least `min_rows` rows that the gate takes for one request each.

    `vectors` is `(n, d)` with rows of length 1, in the order of `texts`. Each node of the
    dendrogram is a candidate; the gate scores them, and the best disjoint set is selected. Without
    a `threshold` the gate chooses it, the stricter the less of the input repeats.
    """
    if len(texts) < max(min_rows, 2):
        return Selection([], [])

    tree, nodes, features = measure_nodes(texts, vectors, min_rows)
    score = dict(zip(nodes.tolist(), gate.score(features).tolist(), strict=True))
    features_of = dict(zip(nodes.tolist(), features, strict=True))

    if threshold is None:
        # A first cut at the strict threshold estimates how much of the input repeats at all.
        repeated = sum(tree.size[node] for node in select_disjoint(tree, score, gate.threshold))
        threshold = gate.threshold_at(repeated / len(texts))

    # The evaluation measures the gate on the best groups at any threshold, hence the second cut.
    def groups_above(cut: float) -> list[RowGroup]:
        return [
            RowGroup(tree.members(node), score[node], features_of[node])
            for node in select_disjoint(tree, score, cut)
        ]

    is_english = is_mostly_english(texts)
    passed = []
    for group in groups_above(threshold):
        rows = rows_that_ask(texts, group.rows, is_among_english=is_english)
        if len(rows) >= min_rows:
            passed.append(replace(group, rows=rows))

    return Selection(passed, groups_above(0.0))


def rows_that_ask(texts: Sequence[str], rows: Ints, *, is_among_english: bool) -> Ints:
    """Returns those of the rows that may ask for something.

    Notices about what people ask for lie among the requests ("12 kegs went out"). They are none, so
    they neither count nor are quoted. A row is left out only where grammar and mood agree.
    """
    model = load_asking_model()
    asking = []
    for row in rows.tolist():
        text = texts[row]
        probability = model.probability(text, is_among_english=is_among_english)
        if not (probability < TELLING and speech_act(text) == "statement"):
            asking.append(row)

    return np.array(asking, np.intp)


def measure_nodes(
    texts: Sequence[str], vectors: Vectors, min_rows: int
) -> tuple[Dendrogram, Ints, list[dict[str, float]]]:
    """Returns the dendrogram, its candidate nodes and the features of each, geometry and text.

    There must be at least two rows.
    """
    neighbours = find_neighbours(vectors, min(NEIGHBOURS, len(texts) - 1))
    tree = average_linkage(vectors, neighbours)
    geometry = GeometryFeatures(vectors, neighbours, tree)
    text = TextFeatures(texts)
    nodes = _candidate_nodes(geometry, tree, min_rows)

    features = [
        {**geometry.measure(node), **text.measure(tree.members(node))} for node in nodes.tolist()
    ]
    return tree, nodes, features


def _candidate_nodes(geometry: GeometryFeatures, tree: Dendrogram, min_rows: int) -> Ints:
    """Returns the nodes of a suitable size whose rows are mostly each other's neighbours.

    This cheap screen spares the features of nodes that cut through a dense region.
    """
    max_rows = max(int(tree.n * MAX_ROW_SHARE), ALWAYS_ALLOWED_ROWS)
    nodes = tree.nodes(min_rows, max_rows).tolist()
    pure = [node for node in nodes if geometry.neighbourhood_purity(node) >= MIN_PURITY]
    return np.array(pure, np.intp)
