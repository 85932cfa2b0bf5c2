"""kNN by cosine: exact for up to 20,000 rows, through an IVF index above.

The IVF index (inverted file, as in Faiss) has spherical k-means cells over a PCA projection. A row
is compared with the rows of the nearest cells only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workers.mining.vectors import Vectors, normalise_rows

EXACT_MAX_ROWS = 20_000
BLOCK_ROWS = 1024

PCA_DIMENSIONS = 128
PCA_SAMPLE_ROWS = 20_000

CELL_ROWS = 250
"""Rows in a cell, on average."""
PROBED_CELLS = 8
KMEANS_ROUNDS = 5
KMEANS_ROWS_PER_CELL = 30
MAX_SCANNED_ROWS = 8_192
"""Rows of one cell that are compared: a cell of equal rows would cost the square of its size."""

SELF_COSINE = -2.0
"""Below any cosine, so that no row becomes its own neighbour."""

Indices = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The `k` nearest rows of each of `n` rows, nearest first.

    Attributes:
        rows: `(n, k)`, -1 where fewer neighbours were found.
        cosines: `(n, k)`, -1.0 where fewer neighbours were found.
    """

    rows: NDArray[np.int32]
    cosines: NDArray[np.float32]


def find_neighbours(vectors: Vectors, k: int) -> Neighbours:
    """Returns the `k` nearest rows of every row of `vectors`, `(n, d)` with rows of length 1.

    Above EXACT_MAX_ROWS rows the search is approximate and misses some neighbours. The cosines of
    those that it finds are exact. Of equally near rows the earlier one comes first.
    """
    neighbours = Neighbours(
        np.full((len(vectors), k), -1, np.int32),
        np.full((len(vectors), k), -1.0, np.float32),
    )
    if len(vectors) <= EXACT_MAX_ROWS:
        all_rows = np.arange(len(vectors))
        _search(neighbours, all_rows, all_rows, vectors)
        return neighbours

    projected = project_pca(vectors, PCA_DIMENSIONS)
    for queries, candidates in _ivf_cells(projected):
        _search(neighbours, queries, candidates, projected)

    _rescore(neighbours, vectors)
    return neighbours


def project_pca(vectors: Vectors, dimensions: int) -> Vectors:
    """Returns the PCA projection, `(n, dimensions)`, re-normalised to length 1.

    The data are not centred, because cosines are measured from the origin. The components are the
    leading eigenvectors of the uncentred covariance of an even sample.
    """
    if vectors.shape[1] <= dimensions:
        return vectors

    sample = vectors[:: max(1, len(vectors) // PCA_SAMPLE_ROWS)].astype(np.float64)
    eigenvalues, eigenvectors = np.linalg.eigh(sample.T @ sample)
    components = eigenvectors[:, np.argsort(-eigenvalues)[:dimensions]]
    return normalise_rows(vectors @ components.astype(np.float32))


def _search(
    neighbours: Neighbours, queries: Indices, candidates: Indices, vectors: Vectors
) -> None:
    """Fills in the neighbours of the rows `queries` among the rows `candidates` (ascending)."""
    k = min(neighbours.rows.shape[1], len(candidates) - 1)
    if k < 1:
        return

    candidate_vectors = vectors[candidates].T
    for start in range(0, len(queries), BLOCK_ROWS):
        block = queries[start : start + BLOCK_ROWS]
        cosines = vectors[block] @ candidate_vectors

        # A row of the block may be missing among the candidates, as a crowded cell is thinned out.
        column = np.minimum(np.searchsorted(candidates, block), len(candidates) - 1)
        is_candidate = candidates[column] == block
        cosines[is_candidate, column[is_candidate]] = SELF_COSINE

        nearest = np.argpartition(cosines, cosines.shape[1] - k, axis=1)[:, -k:]
        _store_sorted(
            neighbours, block, candidates[nearest], np.take_along_axis(cosines, nearest, 1)
        )


def _store_sorted(
    neighbours: Neighbours, block: Indices, rows: NDArray[np.integer], cosines: Vectors
) -> None:
    """Stores the neighbours of the rows of the block: nearest first, of equals the smaller row."""
    order = np.lexsort((rows, -cosines), axis=1)
    width = rows.shape[1]
    neighbours.rows[block, :width] = np.take_along_axis(rows, order, 1)
    neighbours.cosines[block, :width] = np.take_along_axis(cosines, order, 1)


def _rescore(neighbours: Neighbours, vectors: Vectors) -> None:
    """Replaces projected cosines by those of the full vectors, and sorts again."""
    for start in range(0, len(vectors), BLOCK_ROWS):
        block = np.arange(start, min(start + BLOCK_ROWS, len(vectors)))
        rows = neighbours.rows[block]
        cosines = np.einsum("ij,ikj->ik", vectors[block], vectors[rows])
        _store_sorted(neighbours, block, rows, np.where(rows >= 0, cosines, -1.0))


def _ivf_cells(vectors: Vectors) -> Iterator[tuple[Indices, Indices]]:
    """Yields for each cell its rows, and all rows that these are compared with, both ascending.

    The latter come from the PROBED_CELLS cells with the nearest centroids, its own among them.
    """
    centroids = _spherical_kmeans(vectors, max(len(vectors) // CELL_ROWS, 1))
    cells = _group(_nearest_centroid(vectors, centroids), len(centroids))
    # A stable sort breaks ties by the cell's number, so that the result never varies.
    probed = np.argsort(-(centroids @ centroids.T), axis=1, kind="stable")[:, :PROBED_CELLS]

    for cell, queries in enumerate(cells):
        if not len(queries):
            continue

        candidates = []
        for other in probed[cell]:
            rows = cells[other]
            if len(rows):
                stride = -(-len(rows) // MAX_SCANNED_ROWS)
                candidates.append(rows[::stride])

        yield queries, np.sort(np.concatenate(candidates))


def _nearest_centroid(vectors: Vectors, centroids: Vectors) -> Indices:
    """Returns the index of the centroid that each row is nearest to."""
    blocks = range(0, len(vectors), BLOCK_ROWS)
    return np.concatenate(
        [np.argmax(vectors[start : start + BLOCK_ROWS] @ centroids.T, axis=1) for start in blocks]
    )


def _spherical_kmeans(vectors: Vectors, count: int) -> Vectors:
    """Returns the centroids of `count` cells, fitted on an even sample; nothing in it is random."""
    sample = vectors[:: max(1, len(vectors) // (count * KMEANS_ROWS_PER_CELL))]
    centroids: Vectors = sample[np.linspace(0, len(sample) - 1, count).astype(int)].copy()

    for _ in range(KMEANS_ROUNDS):
        for cell, members in enumerate(_group(_nearest_centroid(sample, centroids), count)):
            # An empty cell keeps its centroid.
            if len(members):
                centroids[cell] = sample[members].mean(0)

        centroids = normalise_rows(centroids)

    return centroids


def _group(labels: NDArray[np.integer], count: int) -> list[Indices]:
    """Returns the positions of each label from 0 to `count - 1`, ascending."""
    order = np.argsort(labels, kind="stable")
    return np.split(order, np.searchsorted(labels[order], np.arange(1, count)))
