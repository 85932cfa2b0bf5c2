"""Groups failed requests that are about the same, with mining's average linkage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from router.store.mining.week_requests import WeekRequest
from workers.failures.signals import unit_vector
from workers.mining.linkage import Dendrogram, average_linkage
from workers.mining.neighbours import find_neighbours
from workers.mining.vectors import Vectors, centroid_of

MIN_FAILURES = 5
"""Failures in a group: fewer are chance."""
MIN_COSINE = 0.3
"""The mean cosine at which two groups still become one."""
NEIGHBOURS = 10
MEMBER_QUANTILE = 0.1
"""A request is like a group where it is as near to its middle as all but a tenth of its own."""


@dataclass(frozen=True, slots=True)
class EncodedRequests:
    """Requests with vectors of one encoder, `(n, d)`, of length 1."""

    requests: Sequence[WeekRequest]
    vectors: Vectors
    encoder: str


@dataclass(frozen=True, slots=True)
class FoundGroup:
    """Failed requests about the same: their indices into the encoded requests, ascending.

    `near` are the indices of all similar requests, failed or not. A request is similar if its
    cosine to `centroid` is at least `min_cosine`.
    """

    failed: tuple[int, ...]
    near: tuple[int, ...]
    centroid: NDArray[np.float32]
    min_cosine: float


def encode_requests(requests: Sequence[WeekRequest]) -> EncodedRequests:
    """Returns the requests that have a vector of the most common encoder."""
    encoders = Counter(request.encoder for request in requests if request.vector)
    encoder = str(encoders.most_common(1)[0][0]) if encoders else ""
    kept, vectors = [], []
    for request in requests:
        vector = unit_vector(request, encoder)
        if vector is not None:
            kept.append(request)
            vectors.append(vector)

    stacked = np.stack(vectors) if vectors else np.zeros((0, 1), np.float32)
    return EncodedRequests(kept, stacked, encoder)


def group_failures(encoded: EncodedRequests, failed: Collection[str]) -> list[FoundGroup]:
    """Returns the groups of at least `MIN_FAILURES` requests among `failed` (ids), largest first.

    They are disjoint.
    """
    places = [place for place, one in enumerate(encoded.requests) if one.id in failed]
    if len(places) < MIN_FAILURES:
        return []

    vectors = encoded.vectors[places]
    tree = average_linkage(vectors, find_neighbours(vectors, min(NEIGHBOURS, len(places) - 1)))
    groups = []
    for node in _highest_nodes(tree):
        members = [places[row] for row in tree.members(node).tolist()]
        groups.append(_group(encoded, members))

    return sorted(groups, key=lambda group: (-len(group.failed), group.failed))


def places_near(
    encoded: EncodedRequests, centroid: NDArray[np.float32], min_cosine: float
) -> tuple[int, ...]:
    """Returns the places of the requests that are like a group."""
    if not len(encoded.vectors) or encoded.vectors.shape[1] != len(centroid):
        return ()

    return tuple(np.flatnonzero(encoded.vectors @ centroid >= min_cosine).tolist())


def _highest_nodes(tree: Dendrogram) -> list[int]:
    """Returns the merges of a sufficient cosine that are within no other such merge."""
    taken: set[int] = set()
    found = []
    # Parents come after their children, so backwards the largest merge is met first.
    for node in reversed(tree.nodes(MIN_FAILURES, tree.n).tolist()):
        parent = int(tree.parent[node])
        if parent in taken:
            taken.add(node)
        elif float(tree.height[node]) <= 1.0 - MIN_COSINE:
            taken.add(node)
            found.append(node)

    return found


def _group(encoded: EncodedRequests, members: Sequence[int]) -> FoundGroup:
    vectors = encoded.vectors[list(members)]
    centroid = centroid_of(vectors)
    min_cosine = float(np.quantile(vectors @ centroid, MEMBER_QUANTILE))
    near = set(places_near(encoded, centroid, min_cosine)) | set(members)
    return FoundGroup(tuple(sorted(members)), tuple(sorted(near)), centroid, min_cosine)
