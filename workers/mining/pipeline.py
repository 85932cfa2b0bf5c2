"""The mining pipeline: messages in, clusters of repeated requests out."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from router.kinds import ONE_TASK_KINDS, TRAINED_KINDS
from router.text.redact import plain_words
from workers.mining.clustering import RowGroup, Selection, cluster_rows
from workers.mining.constraints import Correction, TypedCluster, apply_constraints
from workers.mining.linkage import Ints
from workers.mining.naming import HIDDEN, ClusterName, name_cluster
from workers.mining.privacy import Protection, assess_privacy, common_words
from workers.mining.request_gate import RequestGate, load_gate
from workers.mining.rows import Row, canonicalise, mask_rows
from workers.mining.trend import Trend, weekly_trend
from workers.mining.vectors import Vectors, centroid_of

Encode = Callable[[Sequence[str]], NDArray[np.float32]]
Progress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class MiningLimits:
    """What a cluster needs to be shown.

    Attributes:
        min_cluster_rows: The smallest cluster that is looked at.
        min_people: How many people must have asked.
        min_requests: How many requests there must be.
        max_person_share: The largest share, 0-1, of one person.
        min_weeks: In how many of the last four weeks it must have been asked.
        threshold: The gate's threshold, 0-1; None lets the gate choose.
    """

    min_cluster_rows: int = 12
    min_people: int = 5
    min_requests: int = 30
    max_person_share: float = 0.5
    min_weeks: int = 2
    threshold: float | None = None


NO_PRIVACY_LIMITS = MiningLimits(min_people=1, min_requests=12, max_person_share=1.0, min_weeks=1)
"""Without the privacy gate: for evaluation on public data only."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A request type that repeats.

    Attributes:
        id: Stable from week to week while it is the same request.
        rows: Positions in the rows that were mined, ascending.
        request_probability: The gate's probability, 0-1; 1 for the requests of a route.
        label, definition, examples: Empty if it may not be shown.
        example_channels: Where each example was written.
        protection: Whether it may be shown, and why not.
        centroid: The mean of its vectors, of length 1.
        features: What the gate scored; empty if a correction changed the cluster.
        route: The route that serves all of it already, None if mining found it.
    """

    id: str
    rows: tuple[int, ...]
    request_probability: float
    label: str
    definition: str
    examples: tuple[str, ...]
    people: int
    protection: Protection
    trend: Trend
    centroid: NDArray[np.float32] = field(repr=False, compare=False)
    example_channels: tuple[str, ...] = ()
    features: Mapping[str, float] = field(repr=False, compare=False, default_factory=dict)
    route: str | None = None

    @property
    def visible(self) -> bool:
        """Whether it may be shown."""
        return self.protection.passed


@dataclass(frozen=True, slots=True)
class MiningResult:
    """The result of one run.

    Attributes:
        clusters: Largest first, also those that may not be shown.
        rows_by_route: How many rows each task route serves.
        considered: The best clusters at any threshold of the gate, as (rows, probability).
        row_count: How many rows came in.
        mined_count: How many were left without repeats and rows without a word.
        vectors: Theirs, `(mined_count, d)`.
        positions: Of each vector the position of its row.
    """

    clusters: tuple[Cluster, ...]
    rows_by_route: Mapping[str, int]
    considered: tuple[tuple[tuple[int, ...], float], ...]
    row_count: int
    mined_count: int
    vectors: Vectors = field(repr=False, compare=False)
    positions: tuple[int, ...] = field(repr=False, compare=False, default=())

    @property
    def visible(self) -> tuple[Cluster, ...]:
        """The clusters that may be shown, largest first."""
        return tuple(cluster for cluster in self.clusters if cluster.visible)


@dataclass(frozen=True, slots=True)
class MiningHistory:
    """What earlier weeks left: centroids by candidate id, the adjusted gate, corrections."""

    centroids: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    gate: RequestGate | None = None
    corrections: Sequence[Correction] = ()


@contextmanager
def _garbage_collection_paused() -> Iterator[None]:
    """Stops the search for reference cycles.

    Among millions of objects without a cycle it took an eighth of the time.
    """
    was_enabled = gc.isenabled()
    gc.disable()

    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@_garbage_collection_paused()
def mine(
    rows: Sequence[Row],
    encode: Encode,
    limits: MiningLimits | None = None,
    history: MiningHistory | None = None,
    names: Iterable[str] = (),
    progress: Progress | None = None,
) -> MiningResult:
    """Returns the clusters of these rows, whatever their order; stores and sends nothing.

    `encode` returns rows of length 1. It is called once, with masked texts without repeats. `names`
    are people's names to mask. `progress` is called with each step and the share done, 0-1.
    """
    limits = limits or MiningLimits()
    history = history or MiningHistory()
    report = progress or _ignore_progress

    # Nothing unmasked gets past this step, neither into vectors nor into names.
    report("masking", 0.0)
    masked = mask_rows(rows, names)
    positions, texts = canonicalise(masked)
    messages = [masked[position] for position in positions]

    report("embedding", 0.1)
    vectors = np.ascontiguousarray(encode(texts), dtype=np.float32)

    report("grouping", 0.8)
    by_route, unserved = _split_by_route(messages)
    selection = _cluster_unserved(messages, vectors, unserved, limits, history)

    report("naming", 0.95)
    clusters = _typed_clusters(selection, by_route, unserved, limits)
    clusters = apply_constraints(
        clusters, vectors, history.corrections, history.centroids, limits.min_cluster_rows
    )
    described = _describe(clusters, messages, vectors, limits)

    # From positions among the messages back to positions among the rows that came in.
    original = np.array(positions, np.intp)
    considered = []
    for group in selection.considered:
        considered.append((_tuple(original[unserved[group.rows]]), group.request_probability))

    report("done", 1.0)

    return MiningResult(
        clusters=tuple(
            replace(cluster, rows=_tuple(original[list(cluster.rows)])) for cluster in described
        ),
        rows_by_route={route: len(own) for route, own in by_route.items() if route},
        considered=tuple(considered),
        row_count=len(rows),
        mined_count=len(messages),
        vectors=vectors,
        positions=tuple(positions),
    )


def _tuple(positions: Ints) -> tuple[int, ...]:
    return tuple(positions.tolist())


def _split_by_route(messages: Sequence[Row]) -> tuple[dict[str, Ints], Ints]:
    """Returns the positions of messages by the task route that serves them, and of all others.

    Retrieval is many questions behind one route, so that it is mined like what no route serves.
    Mining has nothing more to propose for trained versions, so their requests are counted under an
    empty name.
    """
    by_route: dict[str, list[int]] = {}
    unserved = []

    for position, message in enumerate(messages):
        kind = message.record.get("kind")
        if kind in ONE_TASK_KINDS:
            by_route.setdefault(str(message.record["route"]), []).append(position)
        elif kind in TRAINED_KINDS:
            by_route.setdefault("", []).append(position)
        else:
            unserved.append(position)

    arrays: dict[str, Ints] = {}
    for route, own in sorted(by_route.items()):
        arrays[route] = np.array(own, np.intp)

    return arrays, np.array(unserved, np.intp)


def _cluster_unserved(
    messages: Sequence[Row],
    vectors: Vectors,
    unserved: Ints,
    limits: MiningLimits,
    history: MiningHistory,
) -> Selection:
    """Clusters the messages that no task route serves; groups hold positions within `unserved`."""
    texts = [messages[position].text for position in unserved]
    # The vectors take most of the memory, so that they are copied only if some are left out.
    own_vectors = vectors if len(unserved) == len(vectors) else vectors[unserved]

    # The matrix products are small. A second BLAS thread would spend most of its time waiting, and
    # that is CPU time which is counted and paid.
    with threadpool_limits(1, "blas"):
        return cluster_rows(
            texts,
            own_vectors,
            history.gate or load_gate(),
            limits.min_cluster_rows,
            limits.threshold,
        )


def _typed_clusters(
    selection: Selection, by_route: Mapping[str, Ints], unserved: Ints, limits: MiningLimits
) -> list[TypedCluster]:
    """Returns the groups that passed the gate, then one for the requests of each task route."""
    clusters = [TypedCluster(group, unserved[group.rows]) for group in selection.passed]
    for route, own in by_route.items():
        if route and len(own) >= limits.min_cluster_rows:
            clusters.append(TypedCluster(RowGroup(own, 1.0, {}), own, route))

    return clusters


def _describe(
    clusters: Sequence[TypedCluster],
    messages: Sequence[Row],
    vectors: Vectors,
    limits: MiningLimits,
) -> list[Cluster]:
    """Returns each group as a cluster, largest first, with a name if it may be shown."""
    times = [message.at for message in messages]
    now = max(times, default=0.0)
    # An input of one week cannot show two of them.
    min_weeks = min(limits.min_weeks, weekly_trend(times, now).weeks_seen)
    row_counts = Counter(word for row in messages for word in set(plain_words(row.text)))
    safe_words = common_words(messages, limits.min_people, row_counts)
    described = []

    # Names are made last, and only for what may be shown.
    for cluster in clusters:
        members = [messages[position] for position in cluster.rows]
        own_vectors = vectors[cluster.rows]
        centroid = centroid_of(own_vectors)
        trend = weekly_trend([member.at for member in members], now)
        protection = _protection(members, trend, min_weeks, limits)
        name = HIDDEN

        if protection.passed:
            name = name_cluster(members, own_vectors @ centroid, row_counts, safe_words)
            name = _route_name(cluster, name)

        described.append(
            Cluster(
                id=cluster.id,
                rows=tuple(cluster.rows.tolist()),
                request_probability=cluster.group.request_probability,
                label=name.label,
                definition=name.definition,
                examples=name.examples,
                example_channels=name.example_channels,
                people=protection.people,
                protection=protection,
                trend=trend,
                centroid=centroid,
                features=cluster.group.features,
                route=cluster.route,
            )
        )

    return sorted(described, key=lambda cluster: (-len(cluster.rows), cluster.id))


def _protection(
    members: Sequence[Row], trend: Trend, min_weeks: int, limits: MiningLimits
) -> Protection:
    protection = assess_privacy(
        members, limits.min_people, limits.min_requests, limits.max_person_share
    )
    if trend.weeks_seen >= min_weeks:
        return protection

    return protection.with_failure(
        f"asked in {trend.weeks_seen} of the last four weeks, at least {min_weeks} are needed"
    )


def _route_name(cluster: TypedCluster, name: ClusterName) -> ClusterName:
    """Returns the route's own name for its cluster; a part of one is something else."""
    if cluster.route is None or cluster.is_part:
        return name

    definition = f"What people ask the route “{cluster.route}” for."
    return replace(name, label=cluster.route, definition=definition)


def _ignore_progress(step: str, share: float) -> None:
    """Ignores the progress: the default for `progress`."""
