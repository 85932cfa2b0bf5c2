"""What is asked, as a distribution: how far each request lies from the nearest thing that the version was taught."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from router.store.mining.minable_requests import Asked
from router.text.redact import redact
from workers.context import Context
from workers.drift.psi import by_chance, counts_of, edges_of, psi
from workers.mining.requests import Remembering

Vectors = NDArray[np.float32]
FEWEST = 20
"""Requests below which no bins can be made."""
AT_ONCE = 1000
"""Requests compared with all that was taught at a time; it bounds the memory."""
FURTHEST = 2.0


@dataclass(frozen=True, slots=True)
class Said:
    """A masked text and who said it; nobody (empty) where it stands in a file."""

    text: str
    user: str = ""


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


def asked_of(asked: Sequence[Asked], route: str) -> list[Said]:
    """Those that the route served. People who opted out are not among what the store gives."""
    return [Said(redact(one.text), one.user) for one in asked if one.route == route]


def distances(
    taught: Vectors, by: Sequence[str], asked: Vectors, users: Sequence[str]
) -> NDArray[np.float64]:
    """How far each request lies from the nearest row that *somebody else* was the source of, 0 to 2.

    Rows have length 1. Without that rule the requests that were taught would lie nowhere, and every
    later week far off.
    """
    owners, found = np.array(by), np.full(len(asked), FURTHEST)
    for start in range(0, len(asked), AT_ONCE):
        away = 1.0 - asked[start : start + AT_ONCE] @ taught.T
        askers = np.array(users[start : start + AT_ONCE])[:, None]
        away[(owners == askers) & (askers != "")] = FURTHEST
        found[start : start + AT_ONCE] = away.min(axis=1)

    return np.asarray(np.clip(found, 0.0, FURTHEST), np.float64)


def _away(context: Context, taught: Sequence[Said], asked: Sequence[Said]) -> list[float]:
    assert context.encoder is not None
    encode = Remembering(context.encoder, context.store.minable, context.now()).encode()
    rows, made = encode([one.text for one in taught]), encode([one.text for one in asked])

    return list(distances(rows, [one.user for one in taught], made, [one.user for one in asked]))


def histogram(context: Context, taught: Sequence[Said], asked: Sequence[Said]) -> Histogram | None:
    """The distribution that later weeks are compared with; None with too few requests, or without an encoder."""
    if context.encoder is None or len(asked) < FEWEST or not taught:
        return None

    found = _away(context, taught, asked)
    edges = edges_of(found)
    return Histogram(context.encoder().model_id, edges, counts_of(edges, found))


def shift(
    context: Context,
    then: Histogram | None,
    taught: Sequence[Said],
    asked: Sequence[Said],
    fewest: int,
) -> Shift:
    """How far this week's requests have moved away from `then`."""
    if then is None:
        return Shift(len(asked), None, None, (), "no distribution was kept when it was trained")

    if context.encoder is None or context.encoder().model_id != then.encoder:
        return Shift(
            len(asked), None, None, (), f"it was taken with another encoder, {then.encoder!r}"
        )

    if not taught or not asked:
        return Shift(
            len(asked), None, None, (), "nothing was asked" if taught else "its dataset is gone"
        )

    counts = counts_of(then.edges, _away(context, taught, asked))
    if len(asked) < fewest:
        return Shift(
            len(asked), None, None, counts, f"{len(asked)} requests, {fewest} are needed to tell"
        )

    return Shift(len(asked), psi(then.counts, counts), by_chance(then.counts, counts), counts)


def as_record(found: Histogram | None) -> dict[str, Any] | None:
    """As a report keeps it."""
    if found is None:
        return None
    return {"encoder": found.encoder, "edges": list(found.edges), "counts": list(found.counts)}


def of_record(kept: Mapping[str, Any] | None) -> Histogram | None:
    """What a report kept."""
    return Histogram(**kept) if kept else None
