"""Rows that belong to a route which exists already: they are counted, not mined again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workers.mining.geometry_features import unit
from workers.mining.linkage import Ints
from workers.mining.neighbours import Rows

FLOOR = 0.5
MARGIN = 0.05
LOWEST = 0.15
BLOCK = 4096


@dataclass(frozen=True, slots=True)
class Known:
    """A request type that has a name: its centre and the cosine from which a row is taken for one of it."""

    name: str
    centre: NDArray[np.float32]
    near: float


def known_type(name: str, vectors: Rows) -> Known:
    """The type that these rows are examples of: all but the farthest 15 % of them would be taken for it."""
    centre = unit(vectors.mean(0, keepdims=True))[0]
    return Known(name, centre, max(FLOOR, float(np.quantile(vectors @ centre, LOWEST))))


def assign(vectors: Rows, known: Sequence[Known]) -> tuple[dict[str, int], Ints]:
    """How many rows each known type takes, and the places of the rows that none takes.

    A row is taken when it is near enough to one centre and by MARGIN nearer than to any other.
    """
    if not known:
        return {}, np.arange(len(vectors))

    centres, near = (
        np.stack([each.centre for each in known]),
        np.array([each.near for each in known]),
    )
    taken = np.full(len(vectors), -1, np.intp)

    for start in range(0, len(vectors), BLOCK):
        cosines = vectors[start : start + BLOCK] @ centres.T
        best = cosines.argmax(1)
        top = np.take_along_axis(cosines, best[:, None], 1)[:, 0]
        second = (
            np.partition(cosines, -2, axis=1)[:, -2] if len(known) > 1 else np.full(len(top), -1.0)
        )
        sure = (top >= near[best]) & (top - second >= MARGIN)
        taken[start : start + BLOCK] = np.where(sure, best, -1)

    return _count(taken, known), np.flatnonzero(taken < 0)


def _count(taken: Ints, known: Sequence[Known]) -> dict[str, int]:
    counts: Mapping[int, int] = dict(
        enumerate(np.bincount(taken[taken >= 0], minlength=len(known)).tolist())
    )
    return {each.name: counts[i] for i, each in enumerate(known)}
