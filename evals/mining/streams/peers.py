"""The usual alternatives on the same vectors: KMeans, and BERTopic if it is installed."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evals.mining.streams.streams import Stream, score_recovery
from router.text.normalise import normalise
from workers.mining.pipeline import Encode

Labels = NDArray[np.intp]
Method = Callable[[Sequence[str], NDArray[np.float32]], Labels]

KMEANS = "kmeans_sqrt_n"
BERTOPIC = "bertopic_defaults"


def compare_peers(
    stream: Stream, encode: Encode, min_rows: int, our_f1: float
) -> dict[str, dict[str, Any] | None]:
    """Returns precision, recall, F1 and false candidates of each peer's clusters.

    Clusters of fewer than `min_rows` rows are left out. `f1_times` says how many times its F1 ours
    is, None where its own is 0. A peer that is not installed is None.
    """
    texts = [normalise(row.text) for row in stream.rows]
    vectors = encode(texts)
    figures: dict[str, dict[str, Any] | None] = {BERTOPIC: None}
    methods: dict[str, Method] = {KMEANS: _kmeans}
    if importlib.util.find_spec("bertopic"):
        methods[BERTOPIC] = _bertopic

    for name, method in methods.items():
        clusters = _clusters(method(texts, vectors), min_rows)
        score = score_recovery(clusters, stream.types)
        figures[name] = {
            "precision": score.precision,
            "recall": score.recall,
            "f1": score.f1,
            "f1_times": round(our_f1 / score.f1, 2) if score.f1 else None,
            "false_candidates": score.false_candidates,
        }

    return figures


def _clusters(labels: Labels, min_rows: int) -> list[NDArray[np.intp]]:
    """Returns the rows of each label; BERTopic's -1 is noise."""
    clusters = []
    for label in range(int(labels.max(initial=-1)) + 1):
        rows = np.flatnonzero(labels == label)
        if len(rows) >= min_rows:
            clusters.append(rows)

    return clusters


def _kmeans(_: Sequence[str], vectors: NDArray[np.float32]) -> Labels:
    from sklearn.cluster import KMeans

    # The square root of n is the usual rule of thumb where the number of clusters is unknown.
    count = max(2, round(len(vectors) ** 0.5))
    labels = KMeans(count, n_init=1, random_state=0).fit_predict(vectors)
    return np.asarray(labels, dtype=np.intp)


def _bertopic(texts: Sequence[str], vectors: NDArray[np.float32]) -> Labels:
    from bertopic import BERTopic

    topics, _ = BERTopic(verbose=False).fit_transform(list(texts), vectors)
    return np.asarray(topics, dtype=np.intp)
