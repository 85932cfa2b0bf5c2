"""The nearest rows of each row by cosine: exact up to some thousands of rows, through coarse cells above."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

EXACT_ROWS = 20_000
BLOCK = 1024
PROBES = 8
DIMENSIONS = 64
ROUNDS = 6
SAMPLE = 40

Rows = NDArray[np.float32]
Places = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Neighbours:
    """`rows[i]` are the rows nearest to row i, nearest first, `cosines[i]` how near; -1 where there are no more."""

    rows: NDArray[np.int32]
    cosines: NDArray[np.float32]


def find_neighbours(vectors: Rows, count: int) -> Neighbours:
    """The `count` nearest rows of every row. `vectors` is `(n, d)` with rows of length 1.

    Above EXACT_ROWS rows the search looks into the nearest cells only, along the main directions; it misses some.
    """
    found = Neighbours(np.full((len(vectors), count), -1, np.int32), np.full((len(vectors), count), -1.0, np.float32))
    if len(vectors) <= EXACT_ROWS:
        everyone = np.arange(len(vectors))
        for start in range(0, len(vectors), BLOCK):
            _look(found, everyone[start : start + BLOCK], everyone, vectors)
        return found
    turned = main_directions(vectors, DIMENSIONS)
    for asking, inside in _cells(turned):
        for start in range(0, len(asking), BLOCK):
            _look(found, asking[start : start + BLOCK], inside, turned)
    return found


def main_directions(vectors: Rows, dimensions: int) -> Rows:
    """The rows along the directions in which they differ most, again of length 1."""
    if vectors.shape[1] <= dimensions:
        return vectors
    sample = vectors[:: max(1, len(vectors) // 20_000)].astype(np.float64)
    values, directions = np.linalg.eigh(sample.T @ sample)
    turned = vectors @ directions[:, np.argsort(-values)[:dimensions]].astype(np.float32)
    return _unit(turned)


def _look(found: Neighbours, asking: Places, inside: Places, vectors: Rows) -> None:
    """`found` of the `asking` rows is at least as good as the rows `inside` allow."""
    near = vectors[asking] @ vectors[inside].T
    near[asking[:, None] == inside[None, :]] = -2.0
    kept = min(found.rows.shape[1], len(inside))
    columns = np.argpartition(near, near.shape[1] - kept, axis=1)[:, -kept:] if kept < len(inside) else None
    rows = np.broadcast_to(inside, near.shape) if columns is None else inside[columns]
    cosines = near if columns is None else np.take_along_axis(near, columns, 1)
    rows = np.concatenate([found.rows[asking], np.where(cosines > -2.0, rows, -1)], axis=1)
    cosines = np.concatenate([found.cosines[asking], np.maximum(cosines, -1.0)], axis=1)
    order = np.lexsort((rows, -cosines), axis=1)[:, : found.rows.shape[1]]
    found.rows[asking] = np.take_along_axis(rows, order, 1)
    found.cosines[asking] = np.take_along_axis(cosines, order, 1)


def _cells(vectors: Rows) -> list[tuple[Places, Places]]:
    """Rows in cells of near rows: who must look into a cell, and who lies in it."""
    count = int(4 * np.sqrt(len(vectors)))
    centres = _centres(vectors, count)
    nearest = np.empty((len(vectors), PROBES), np.int32)
    for start in range(0, len(vectors), BLOCK):
        near = vectors[start : start + BLOCK] @ centres.T
        columns = np.argpartition(near, count - PROBES, axis=1)[:, -PROBES:]
        order = np.argsort(-np.take_along_axis(near, columns, 1), axis=1, kind="stable")
        nearest[start : start + BLOCK] = np.take_along_axis(columns, order, 1)
    inside = _grouped(nearest[:, 0], count)
    flat = nearest.ravel()
    order = np.argsort(flat, kind="stable")
    asking = np.split(order // PROBES, np.searchsorted(flat[order], np.arange(1, count)))
    return [(asked, members) for asked, members in zip(asking, inside, strict=True) if len(asked) and len(members)]


def _centres(vectors: Rows, count: int) -> Rows:
    """K-means on an even sample; which rows are sampled follows from their order alone."""
    sample = vectors[:: max(1, len(vectors) // (count * SAMPLE))]
    centres: Rows = sample[np.linspace(0, len(sample) - 1, count).astype(int)].copy()
    for _ in range(ROUNDS):
        nearest = np.concatenate(
            [np.argmax(sample[i : i + BLOCK] @ centres.T, axis=1) for i in range(0, len(sample), BLOCK)]
        )
        for cell, members in enumerate(_grouped(nearest, count)):
            if len(members):
                centres[cell] = sample[members].mean(0)
        centres = _unit(centres)
    return centres


def _grouped(labels: NDArray[np.integer], count: int) -> list[Places]:
    order = np.argsort(labels, kind="stable")
    return np.split(order, np.searchsorted(labels[order], np.arange(1, count)))


def _unit(rows: Rows) -> Rows:
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9), dtype=np.float32)
