"""Unit vectors and centroids: the few operations that every step of mining shares."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
"""Embeddings, `(n, d)`, one row for each text; of length 1 unless a docstring says otherwise."""

Vector = NDArray[np.float32]
"""One embedding or centroid, `(d,)`."""

_SMALLEST_NORM = 1e-9


def normalise_rows(vectors: Vectors) -> Vectors:
    """Returns the rows scaled to length 1; a row of zeros stays one."""
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(norms, _SMALLEST_NORM), dtype=np.float32)


def centroid_of(vectors: Vectors) -> Vector:
    """Returns the mean of the rows, normalised to length 1."""
    centroid: Vector = normalise_rows(vectors.mean(0, keepdims=True))[0]
    return centroid
