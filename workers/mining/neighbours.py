"""The nearest rows of each row by cosine: exact up to some thousands of rows, through coarse cells above."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

EXACT_ROWS = 20_000
BLOCK = 1024
PROBES = 8
DIMENSIONS = 128
ROUNDS = 5
SAMPLE = 30
CELL = 250
"""Rows that a cell holds on average."""
MOST_SEEN = 8_192
"""Rows of one cell that are looked at: a cell of rows that are all the same would take the
square of its size."""

Rows = NDArray[np.float32]
Places = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Neighbours:
    """`rows[i]` are the rows nearest to row i, nearest first, `cosines[i]` how near; -1 where there are no more."""

    rows: NDArray[np.int32]
    cosines: NDArray[np.float32]


def find_neighbours(vectors: Rows, count: int) -> Neighbours:
    """The `count` nearest rows of every row. `vectors` is `(n, d)` with rows of length 1.

    Above EXACT_ROWS rows the search looks into the nearest cells only, along the main directions;
    it misses some. How near what it found is, is exact.
    """
    found = Neighbours(
        np.full((len(vectors), count), -1, np.int32),
        np.full((len(vectors), count), -1.0, np.float32),
    )
    if len(vectors) <= EXACT_ROWS:
        everyone = np.arange(len(vectors))
        _look(found, everyone, everyone, vectors)
        return found

    turned = main_directions(vectors, DIMENSIONS)
    for asking, inside in _cells(turned):
        _look(found, asking, inside, turned)

    _measure_again(found, vectors)
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
    """`found` of the `asking` rows are their nearest among the rows `inside` (ascending), the earlier of equals."""
    kept = min(found.rows.shape[1], len(inside) - 1)
    if kept < 1:
        return

    seen = vectors[inside].T
    for start in range(0, len(asking), BLOCK):
        block = asking[start : start + BLOCK]
        near = vectors[block] @ seen
        own = np.minimum(np.searchsorted(inside, block), len(inside) - 1)
        itself = inside[own] == block
        near[itself, own[itself]] = -2.0
        columns = np.argpartition(near, near.shape[1] - kept, axis=1)[:, -kept:]
        _keep(found, block, inside[columns], np.take_along_axis(near, columns, 1))


def _keep(found: Neighbours, block: Places, rows: NDArray[np.integer], cosines: Rows) -> None:
    """`found` of the rows of the block is this, nearest first."""
    order = np.lexsort((rows, -cosines), axis=1)
    found.rows[block, : rows.shape[1]] = np.take_along_axis(rows, order, 1)
    found.cosines[block, : rows.shape[1]] = np.take_along_axis(cosines, order, 1)


def _measure_again(found: Neighbours, vectors: Rows) -> None:
    """The cosines of `found` are those of the whole vectors, nearest first."""
    for start in range(0, len(vectors), BLOCK):
        block = np.arange(start, min(start + BLOCK, len(vectors)))
        rows = found.rows[block]
        near = np.einsum("ij,ikj->ik", vectors[block], vectors[rows])
        _keep(found, block, rows, np.where(rows >= 0, near, -1.0))


def _cells(vectors: Rows) -> Iterator[tuple[Places, Places]]:
    """Rows in cells of near rows: who lies in a cell, and all who lie in it or in the cells next to it."""
    centres = _centres(vectors, max(len(vectors) // CELL, 1))
    inside = _grouped(_nearest(vectors, centres), len(centres))
    near = centres @ centres.T
    next_to = np.argsort(-near, axis=1, kind="stable")[:, :PROBES]

    for cell, asking in enumerate(inside):
        if len(asking):
            some = [
                rows[:: -(-len(rows) // MOST_SEEN)]
                for other in next_to[cell]
                if len(rows := inside[other])
            ]

            yield asking, np.sort(np.concatenate(some))


def _nearest(vectors: Rows, centres: Rows) -> Places:
    """The place of the centre that each row is nearest to."""
    blocks = range(0, len(vectors), BLOCK)
    return np.concatenate(
        [np.argmax(vectors[start : start + BLOCK] @ centres.T, axis=1) for start in blocks]
    )


def _centres(vectors: Rows, count: int) -> Rows:
    """K-means on an even sample; which rows are sampled follows from their order alone."""
    sample = vectors[:: max(1, len(vectors) // (count * SAMPLE))]
    centres: Rows = sample[np.linspace(0, len(sample) - 1, count).astype(int)].copy()

    for _ in range(ROUNDS):
        for cell, members in enumerate(_grouped(_nearest(sample, centres), count)):
            if len(members):
                centres[cell] = sample[members].mean(0)

        centres = _unit(centres)

    return centres


def _grouped(labels: NDArray[np.integer], count: int) -> list[Places]:
    order = np.argsort(labels, kind="stable")
    return np.split(order, np.searchsorted(labels[order], np.arange(1, count)))


def _unit(rows: Rows) -> Rows:
    return np.asarray(
        rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9), dtype=np.float32
    )
