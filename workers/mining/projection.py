"""A map of requests for the eye: near rows lie near each other. Nothing is ever decided from it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from workers.mining.neighbours import Rows, main_directions

MOST_ROWS = 1_600
GROUP_ROWS = 60
DIMENSIONS = 32
FEW = 12


def place_on_map(
    vectors: Rows, group: NDArray[np.intp], seed: int = 0
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Which rows are drawn, ascending, and where: x and y in 0-1. `group` is each row's group, -1 for none.

    Of each group and of the rest an even sample is drawn, so that it takes seconds whatever their
    number.
    """
    drawn = _sample(group)
    if len(drawn) < FEW:
        return drawn, np.full((len(drawn), 2), 0.5)

    from sklearn.manifold import TSNE

    turned = main_directions(np.ascontiguousarray(vectors[drawn]), DIMENSIONS)
    perplexity = min(30.0, (len(drawn) - 1) / 3)
    spots = TSNE(
        perplexity=perplexity, max_iter=500, init="pca", random_state=seed, n_jobs=1
    ).fit_transform(turned)
    low, high = np.quantile(spots, [0.005, 0.995], axis=0)

    return drawn, np.clip((spots - low) / np.maximum(high - low, 1e-9), 0.0, 1.0)


def _sample(group: NDArray[np.intp]) -> NDArray[np.intp]:
    kept = []
    for name in np.unique(group[group >= 0]):
        rows = np.flatnonzero(group == name)
        kept.append(rows[:: max(1, -(-len(rows) // GROUP_ROWS))])

    rest = np.flatnonzero(group < 0)
    room = max(MOST_ROWS - sum(map(len, kept)), 0)
    if room and len(rest):
        kept.append(rest[:: max(1, -(-len(rest) // room))])

    return np.sort(np.concatenate(kept)) if kept else np.zeros(0, np.intp)
