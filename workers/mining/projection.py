"""A two-dimensional map of messages for people to look at. Nothing is decided from it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from workers.mining.neighbours import project_pca
from workers.mining.vectors import Vectors

MAX_ROWS = 1_600
MAX_CLUSTER_ROWS = 60
PCA_DIMENSIONS = 32
MIN_ROWS = 12
MAX_PERPLEXITY = 30.0
"""Neighbours that each row attracts, about; t-SNE needs at least three times as many rows."""


def project_2d(
    vectors: Vectors, labels: NDArray[np.intp], seed: int = 0
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Returns which rows are drawn, ascending, and their coordinates, `(rows, 2)` in 0-1.

    t-SNE over a PCA projection. `labels` holds the cluster of each row, -1 for none. An even sample
    of each cluster and of the rest is drawn, so that it takes seconds for any number of rows.
    """
    drawn = _sample(labels)
    if len(drawn) < MIN_ROWS:
        return drawn, np.full((len(drawn), 2), 0.5)

    from sklearn.manifold import TSNE  # takes half a second to import

    projected = project_pca(np.ascontiguousarray(vectors[drawn]), PCA_DIMENSIONS)
    perplexity = min(MAX_PERPLEXITY, (len(drawn) - 1) / 3)
    tsne = TSNE(perplexity=perplexity, max_iter=500, init="pca", random_state=seed, n_jobs=1)
    points = tsne.fit_transform(projected)

    # A few outliers would press all the others together: they are moved to the edge instead.
    low, high = np.quantile(points, [0.005, 0.995], axis=0)
    scaled = (points - low) / np.maximum(high - low, 1e-9)
    return drawn, np.clip(scaled, 0.0, 1.0)


def _sample(labels: NDArray[np.intp]) -> NDArray[np.intp]:
    """Returns an even sample of each cluster and, in the room that is left, of the other rows."""
    parts = []
    for label in np.unique(labels[labels >= 0]):
        rows = np.flatnonzero(labels == label)
        parts.append(rows[:: max(1, -(-len(rows) // MAX_CLUSTER_ROWS))])

    others = np.flatnonzero(labels < 0)
    room = max(MAX_ROWS - sum(map(len, parts)), 0)
    if room and len(others):
        parts.append(others[:: max(1, -(-len(others) // room))])

    return np.sort(np.concatenate(parts)) if parts else np.zeros(0, np.intp)
