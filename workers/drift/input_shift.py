"""Measures input shift, as the population stability index (PSI).

It compares the distribution of distances from requests to the nearest training text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from router.store.mining.minable_requests import MinableRequest
from router.text.redact import redact
from workers.context import Context
from workers.drift.psi import bin_counts, critical_psi, psi, quantile_edges
from workers.mining.requests import CachedEmbedding

Vectors = NDArray[np.float32]
MIN_REQUESTS = 20
"""Requests below which no bins can be made."""
BLOCK_ROWS = 1000
"""Requests compared with all training texts at a time; it bounds the memory."""
MAX_DISTANCE = 2.0
"""The cosine distance of opposite vectors."""


@dataclass(frozen=True, slots=True)
class LoggedText:
    """A masked text and the user who wrote it; empty where it is from a file."""

    text: str
    user: str = ""


@dataclass(frozen=True, slots=True)
class DistanceHistogram:
    """How many requests are how far away.

    1 - cosine under `encoder`, in bins with inner `edges`.
    """

    encoder: str
    edges: Sequence[float]
    counts: Sequence[int]

    @property
    def requests(self) -> int:
        """How many requests were counted."""
        return sum(self.counts)


@dataclass(frozen=True, slots=True)
class InputShift:
    """A week's requests against those at the time of training.

    `psi` is None where it cannot be computed, and `why` says why. `chance` is what chance alone
    seldom exceeds.
    """

    requests: int
    psi: float | None
    chance: float | None
    counts: Sequence[int]
    why: str = ""


def requests_of(requests: Sequence[MinableRequest], route: str) -> list[LoggedText]:
    """Returns the masked texts that the route served.

    The store gives none of people who opted out.
    """
    return [
        LoggedText(redact(request.text), request.user)
        for request in requests
        if request.route == route
    ]


def nearest_distances(
    training: Vectors,
    training_users: Sequence[str],
    requests: Vectors,
    request_users: Sequence[str],
) -> NDArray[np.float64]:
    """Returns each request's distance to the nearest training text of *another* user, 0 to 2.

    Rows have unit length. Texts in files belong to nobody and count for everybody.
    """
    owners = np.array(training_users)
    nearest = np.full(len(requests), MAX_DISTANCE)

    for start in range(0, len(requests), BLOCK_ROWS):
        block = slice(start, start + BLOCK_ROWS)
        distances = 1.0 - requests[block] @ training.T
        askers = np.array(request_users[block])[:, None]
        # Without this rule the requests that were learned would have the distance 0, and every
        # later week would seem far away.
        distances[(owners == askers) & (askers != "")] = MAX_DISTANCE
        nearest[block] = distances.min(axis=1)

    return np.asarray(np.clip(nearest, 0.0, MAX_DISTANCE), np.float64)


def _distances(
    context: Context, training: Sequence[LoggedText], requests: Sequence[LoggedText]
) -> list[float]:
    cache = CachedEmbedding(context.encoder, context.store.embeddings, context.team, context.now())
    encode = cache.encode()
    distances = nearest_distances(
        encode([text.text for text in training]),
        [text.user for text in training],
        encode([text.text for text in requests]),
        [text.user for text in requests],
    )
    return list(distances)


def distance_histogram(
    context: Context, training: Sequence[LoggedText], requests: Sequence[LoggedText]
) -> DistanceHistogram | None:
    """Returns the distribution that later weeks are compared with.

    None with too few requests, or without an encoder.
    """
    if not context.encoder.is_configured or len(requests) < MIN_REQUESTS or not training:
        return None

    distances = _distances(context, training, requests)
    # Edges at the quantiles of now, so that later weeks are compared bin by bin.
    edges = quantile_edges(distances)
    return DistanceHistogram(context.encoder.model_id, edges, bin_counts(edges, distances))


def input_shift(
    context: Context,
    then: DistanceHistogram | None,
    training: Sequence[LoggedText],
    requests: Sequence[LoggedText],
    min_requests: int,
) -> InputShift:
    """Returns how far this week's requests have moved away from the histogram `then`."""
    # Each early return says why nothing can be told; none of them is an alarm.
    total = len(requests)
    if then is None:
        why = "no distribution was kept when it was trained"
        return InputShift(total, None, None, (), why)

    if not context.encoder.is_configured or context.encoder.model_id != then.encoder:
        # Distances of two encoders cannot be compared.
        why = f"it was taken with another encoder, {then.encoder!r}"
        return InputShift(total, None, None, (), why)

    if not training:
        return InputShift(total, None, None, (), "its dataset is gone")
    if not requests:
        return InputShift(total, None, None, (), "nothing was asked")

    counts = bin_counts(then.edges, _distances(context, training, requests))
    if total < min_requests:
        why = f"{total} requests, {min_requests} are needed to tell"
        return InputShift(total, None, None, counts, why)

    return InputShift(total, psi(then.counts, counts), critical_psi(then.counts, counts), counts)


def to_record(histogram: DistanceHistogram | None) -> dict[str, Any] | None:
    """Returns the histogram in the form that a report keeps."""
    if histogram is None:
        return None

    return {
        "encoder": histogram.encoder,
        "edges": list(histogram.edges),
        "counts": list(histogram.counts),
    }


def from_record(record: Mapping[str, Any] | None) -> DistanceHistogram | None:
    """Returns the histogram that a report kept."""
    return DistanceHistogram(**record) if record else None
