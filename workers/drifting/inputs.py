"""What is asked, as a distribution: how far each request lies from the middle of what the version was taught."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from router.redact import redact
from router.store.mined import Asked
from workers.asked import Remembering
from workers.context import Context
from workers.drifting.psi import by_chance, counts_of, edges_of, psi

Vectors = NDArray[np.float32]
FEWEST = 20
"""Requests below which no bins can be made."""


@dataclass(frozen=True, slots=True)
class Histogram:
    """How many requests lie how far away. Distances are 1 - cosine under `encoder`; `edges` are the inner ones."""

    encoder: str
    edges: Sequence[float]
    counts: Sequence[int]

    @property
    def requests(self) -> int:
        """How many there are."""
        return sum(self.counts)


@dataclass(frozen=True, slots=True)
class Shift:
    """A week's requests against those of the time of training. `chance` is what chance alone seldom exceeds.

    `psi` is None where it cannot be said, and `why` says why.
    """

    requests: int
    psi: float | None
    chance: float | None
    counts: Sequence[int]
    why: str = ""


def asked_of(asked: Sequence[Asked], route: str) -> list[str]:
    """The texts of those that the route served, masked. People who opted out are not among what the store gives."""
    return [redact(one.text) for one in asked if one.route == route]


def distances(taught: Vectors, asked: Vectors) -> NDArray[np.float64]:
    """How far each request lies from the middle of what was taught, 0 to 2. Rows have length 1."""
    middle = np.asarray(taught, float).mean(axis=0)
    middle /= max(float(np.linalg.norm(middle)), 1e-12)
    return np.asarray(1.0 - np.asarray(asked, float) @ middle, np.float64)


def histogram(context: Context, taught: Sequence[str], asked: Sequence[str]) -> Histogram | None:
    """The distribution that later weeks are compared with; None with too few requests, or without an encoder."""
    if context.encoder is None or len(asked) < FEWEST or not taught:
        return None
    encode = Remembering(context.encoder, context.store.minable, context.now()).encode()
    found = distances(encode(list(taught)), encode(list(asked)))
    edges = edges_of(list(found))
    return Histogram(context.encoder().model_id, edges, counts_of(edges, list(found)))


def shift(context: Context, then: Histogram | None, taught: Sequence[str], asked: Sequence[str], fewest: int) -> Shift:
    """How far this week's requests have moved away from `then`."""
    if then is None:
        return Shift(len(asked), None, None, (), "no distribution was kept when it was trained")
    if context.encoder is None or context.encoder().model_id != then.encoder:
        return Shift(len(asked), None, None, (), f"it was taken with another encoder, {then.encoder!r}")
    if not taught or not asked:
        return Shift(len(asked), None, None, (), "nothing was asked" if taught else "its dataset is gone")
    encode = Remembering(context.encoder, context.store.minable, context.now()).encode()
    counts = counts_of(then.edges, list(distances(encode(list(taught)), encode(list(asked)))))
    if len(asked) < fewest:
        return Shift(len(asked), None, None, counts, f"{len(asked)} requests, {fewest} are needed to tell")
    return Shift(len(asked), psi(then.counts, counts), by_chance(then.counts, counts), counts)


def as_record(found: Histogram | None) -> dict[str, Any] | None:
    """As a report keeps it."""
    if found is None:
        return None
    return {"encoder": found.encoder, "edges": list(found.edges), "counts": list(found.counts)}


def of_record(kept: Mapping[str, Any] | None) -> Histogram | None:
    """What a report kept."""
    return Histogram(**kept) if kept else None
