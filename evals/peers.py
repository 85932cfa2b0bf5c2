"""What is usually done instead, on the same vectors in the same process: KMeans, and BERTopic where installed."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evals.streams import Stream, recovered
from router.text.normalise import normalise
from workers.mining.pipeline import Encode

Labels = NDArray[np.intp]
BERTOPIC = "bertopic_defaults"


def peers_of(
    stream: Stream, encode: Encode, least: int, ours: float
) -> dict[str, dict[str, Any] | None]:
    """Each peer's precision, recall, F1 and false candidates among its groups of at least `least` rows.

    `f1_times` says how many times its F1 ours is, None where its own is 0. A peer that is not
    installed is None.
    """
    texts = [normalise(row.text) for row in stream.rows]
    vectors = encode(texts)
    out: dict[str, dict[str, Any] | None] = {BERTOPIC: None}
    ways: dict[str, Callable[[Sequence[str], NDArray[np.float32]], Labels]] = {
        "kmeans_sqrt_n": _kmeans
    }

    if importlib.util.find_spec("bertopic"):
        ways[BERTOPIC] = _bertopic

    for name, way in ways.items():
        labels = way(texts, vectors)
        groups = [
            np.flatnonzero(labels == label) for label in range(int(labels.max(initial=-1)) + 1)
        ]
        found = recovered([group for group in groups if len(group) >= least], stream.types)
        out[name] = {
            "precision": found.precision,
            "recall": found.recall,
            "f1": found.f1,
            "f1_times": round(ours / found.f1, 2) if found.f1 else None,
            "false_candidates": found.false_candidates,
        }

    return out


def _kmeans(_: Sequence[str], vectors: NDArray[np.float32]) -> Labels:
    from sklearn.cluster import KMeans

    labels = KMeans(max(2, round(len(vectors) ** 0.5)), n_init=1, random_state=0).fit_predict(
        vectors
    )

    return np.asarray(labels, dtype=np.intp)


def _bertopic(texts: Sequence[str], vectors: NDArray[np.float32]) -> Labels:
    from bertopic import BERTopic

    return np.asarray(BERTopic(verbose=False).fit_transform(list(texts), vectors)[0], dtype=np.intp)
