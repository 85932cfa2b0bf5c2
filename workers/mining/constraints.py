"""Applies admins' split and merge corrections to newly found clusters.

A correction holds centroids and no messages, so that it applies to rows which nobody had seen when
it was made.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from workers.mining.clustering import RowGroup
from workers.mining.linkage import Ints
from workers.mining.trend import SAME_COSINE, match_ids
from workers.mining.vectors import Vector, Vectors, centroid_of

MIN_SIDE_ROWS = 3
"""A cluster holds two requests only if there are this many rows of each."""

KMEANS_ROUNDS = 20


@dataclass(frozen=True, slots=True)
class Split:
    """Rows near `first` and rows near `second` are two requests, however near the two are."""

    first: Vector
    second: Vector


@dataclass(frozen=True, slots=True)
class Merge:
    """A cluster near `centroid`, or with the id `source`, belongs to the candidate `target`."""

    centroid: Vector
    source: str
    target: str


Correction = Split | Merge


@dataclass(frozen=True, slots=True)
class TypedCluster:
    """A group of rows on its way to becoming a `Cluster`.

    Attributes:
        group: The rows among those that were clustered, and the gate's probability.
        rows: Positions among all rows that were mined.
        route: The route that serves all of them, None where mining found the group.
        id: The candidate's id; empty until it is decided.
        is_part: Whether it was split off; then the route's name is not its name.
    """

    group: RowGroup
    rows: Ints
    route: str | None = None
    id: str = ""
    is_part: bool = False


def apply_constraints(
    clusters: Sequence[TypedCluster],
    vectors: Vectors,
    corrections: Sequence[Correction],
    centroids: Mapping[str, Vector],
    min_rows: int,
) -> list[TypedCluster]:
    """Returns the clusters after all corrections, each with an id of its own.

    `centroids` are those of earlier candidates by id; a cluster near one of them keeps its id.
    Parts of fewer than `min_rows` rows are dropped. The order of corrections of one kind does not
    matter.
    """
    splits = [correction for correction in corrections if isinstance(correction, Split)]
    merges = [correction for correction in corrections if isinstance(correction, Merge)]
    parts: list[TypedCluster] = []

    for cluster in clusters:
        parts += _split(cluster, vectors, splits, min_rows)

    return _merge(_assign_ids(parts, vectors, centroids), vectors, merges)


def bisect(vectors: Vectors) -> tuple[Vector, Vector] | None:
    """Returns the centroids of the two halves of a cluster, `(n, d)` with rows of length 1.

    Spherical 2-means, started at the median of the first principal component: nothing is random.
    None where a half would have fewer than MIN_SIDE_ROWS rows.
    """
    if len(vectors) < 2 * MIN_SIDE_ROWS:
        return None

    centred = vectors - vectors.mean(0)
    first_component = np.linalg.svd(centred, full_matrices=False)[2][0]
    score = centred @ first_component
    in_first = score > np.median(score)

    for _ in range(KMEANS_ROUNDS):
        if not _both_large(in_first):
            return None

        first = centroid_of(vectors[in_first])
        second = centroid_of(vectors[~in_first])
        assigned = vectors @ first > vectors @ second
        if (assigned == in_first).all():
            break

        in_first = assigned

    return (first, second) if _both_large(in_first) else None


def route_candidate_id(route: str) -> str:
    """Returns the id of the candidate that holds all requests of a route."""
    return _short_hash(f"route {route}".encode())


def _split(
    cluster: TypedCluster, vectors: Vectors, splits: Sequence[Split], min_rows: int
) -> list[TypedCluster]:
    """Returns the cluster, or its parts where it holds both requests of a split, recursively."""
    for number, split in enumerate(splits):
        own = vectors[cluster.rows]
        in_first = own @ split.first > own @ split.second
        if not _both_large(in_first):
            continue

        # Every cluster can be cut between two directions. It holds both requests only if each half
        # lies where the admin saw one.
        first_cosine = centroid_of(own[in_first]) @ split.first
        second_cosine = centroid_of(own[~in_first]) @ split.second
        if first_cosine < SAME_COSINE or second_cosine < SAME_COSINE:
            continue

        parts: list[TypedCluster] = []
        for is_own, anchor in ((in_first, split.first), (~in_first, split.second)):
            if is_own.sum() >= min_rows:
                part = _part(cluster, cluster.rows[is_own], anchor)
                parts += _split(part, vectors, splits[number + 1 :], min_rows)

        return parts

    return [_with_part_id(cluster, vectors, splits)]


def _part(cluster: TypedCluster, rows: Ints, anchor: Vector) -> TypedCluster:
    # The features were those of the whole cluster, so that the part has none.
    group = RowGroup(rows, cluster.group.request_probability, {})
    return replace(cluster, rows=rows, group=group, id=_part_id(anchor), is_part=True)


def _with_part_id(cluster: TypedCluster, vectors: Vectors, splits: Sequence[Split]) -> TypedCluster:
    """Gives a cluster that is one half of a split, found alone this time, the id of that part."""
    if cluster.id or cluster.route is not None:
        return cluster

    centroid = centroid_of(vectors[cluster.rows])
    anchors = [anchor for split in splits for anchor in (split.first, split.second)]
    near = [anchor for anchor in anchors if centroid @ anchor >= SAME_COSINE]
    if not near:
        return cluster

    nearest = max(near, key=lambda anchor: float(centroid @ anchor))
    return replace(cluster, id=_part_id(nearest))


def _assign_ids(
    clusters: Sequence[TypedCluster], vectors: Vectors, centroids: Mapping[str, Vector]
) -> list[TypedCluster]:
    """Gives each cluster an id; of several with a claim to the same id the largest gets it."""
    taken: set[str] = set()
    ids: dict[int, str] = {}

    # Parts and routes come first: their ids follow from what they are.
    for index in sorted(range(len(clusters)), key=lambda i: -len(clusters[i].rows)):
        cluster = clusters[index]
        claimed = cluster.id
        if not claimed and cluster.route is not None:
            claimed = route_candidate_id(cluster.route)

        if claimed and claimed not in taken:
            taken.add(claimed)
            ids[index] = claimed

    # The others keep the id of the earlier candidate that they lie near, or get a new one.
    unnamed = [index for index in range(len(clusters)) if index not in ids]
    own_centroids = [centroid_of(vectors[clusters[index].rows]) for index in unnamed]
    free = {name: centroid for name, centroid in centroids.items() if name not in taken}
    ids |= dict(zip(unnamed, match_ids(own_centroids, free), strict=True))

    return [replace(cluster, id=ids[index]) for index, cluster in enumerate(clusters)]


def _merge(
    clusters: Sequence[TypedCluster], vectors: Vectors, merges: Sequence[Merge]
) -> list[TypedCluster]:
    """Joins clusters that an admin declared to be one candidate."""
    merged: dict[str, TypedCluster] = {}
    for cluster in clusters:
        target = _merge_target(cluster, vectors, merges)
        if target in merged:
            merged[target] = _union(merged[target], cluster)
        else:
            merged[target] = replace(cluster, id=target)

    return list(merged.values())


def _merge_target(cluster: TypedCluster, vectors: Vectors, merges: Sequence[Merge]) -> str:
    """Returns the id of the candidate that the cluster belongs to, by default its own."""
    centroid = centroid_of(vectors[cluster.rows])
    target = cluster.id

    if cluster.route is None:
        near = [
            merge
            for merge in merges
            if centroid @ merge.centroid >= SAME_COSINE and merge.target != cluster.id
        ]
        if near:
            nearest = max(near, key=lambda merge: (float(centroid @ merge.centroid), merge.target))
            target = nearest.target

    # Merges are transitive: the target may have been merged itself. There are at most as many steps
    # as merges, which also ends a cycle.
    target_of = {merge.source: merge.target for merge in merges}
    for _ in merges:
        target = target_of.get(target, target)

    return target


def _union(first: TypedCluster, second: TypedCluster) -> TypedCluster:
    rows = np.union1d(first.rows, second.rows)
    probability = max(first.group.request_probability, second.group.request_probability)
    return replace(
        first,
        rows=rows,
        group=RowGroup(rows, probability, {}),
        route=first.route or second.route,
        is_part=first.is_part and second.is_part,
    )


def _both_large(in_first: NDArray[np.bool_]) -> bool:
    """Returns whether both sides of a cut have enough rows."""
    return bool(min(in_first.sum(), (~in_first).sum()) >= MIN_SIDE_ROWS)


def _part_id(anchor: Vector) -> str:
    """Returns an id for the half of a split cluster whose stored centroid is `anchor`.

    The centroid is rounded first, so that storing it in half precision does not change the id.
    """
    return _short_hash(b"part" + np.round(anchor, 3).astype("<f4").tobytes())


def _short_hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:12]
