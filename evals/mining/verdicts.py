"""What admins' verdicts change in the next run: splits that are right, a gate that few can turn."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray

from evals.mining.mine import EmbeddingCache
from evals.mining.streams.streams import (
    MIN_PURITY,
    Stream,
    majority_type,
    read_stream,
    score_recovery,
)
from router.config import read_settings
from router.encoder.factory import open_encoder
from router.log import set_up_logs
from router.text.normalise import normalise
from router.text.printable import print_line
from workers.mining.constraints import bisect
from workers.mining.pipeline import NO_PRIVACY_LIMITS, Cluster, Encode, MiningHistory, mine
from workers.mining.request_gate import RequestGate, load_gate
from workers.mining.rows import mask_rows

HOSTILE_VERDICTS = (1, 3, 5, 20)
"""How many of the best candidates are called chatter, against the truth."""
LIMITS = replace(NO_PRIVACY_LIMITS, min_cluster_rows=12, min_requests=12)


def main(
    stream: Annotated[
        list[Path], typer.Option(help="Rows {text,user,at,type}, type null for noise. Repeatable.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Judge what was mined as admins would, rightly and wrongly, and mine again."""
    settings = read_settings()
    set_up_logs(settings.log, "error")
    encoder = open_encoder(settings.encoder, settings.encoder_cache)
    results = []

    for path in stream:
        results.append({"stream": path.name, **measure(read_stream(path), encoder.encode)})
        if not as_json:
            print_line(json.dumps(results[-1]))

    if as_json:
        print_line(json.dumps({"streams": results}))


def measure(stream: Stream, encode: Encode) -> dict[str, Any]:
    """Returns F1 before and after verdicts, and how well two types in one cluster are split."""
    cached_encode = EmbeddingCache(encode).encode
    shipped = load_gate()

    def mine_with(gate: RequestGate) -> tuple[float, tuple[Cluster, ...]]:
        result = mine(stream.rows, cached_encode, LIMITS, MiningHistory(gate=gate))
        rows = [np.array(sorted(cluster.rows), np.intp) for cluster in result.clusters]
        return score_recovery(rows, stream.types).f1, result.clusters

    f1, clusters = mine_with(shipped)
    by_probability = sorted(clusters, key=lambda cluster: -cluster.request_probability)
    features = [cluster.features for cluster in by_probability]
    hostile = {}

    for count in HOSTILE_VERDICTS:
        judged = features[:count]
        refitted = shipped.refit(judged, [False] * len(judged))
        hostile[str(len(judged))] = mine_with(refitted)[0]

    truth = [_is_pure(np.array(cluster.rows, np.intp), stream.types) for cluster in by_probability]
    return {
        "f1": f1,
        "f1_after_hostile": hostile,
        "f1_after_right": mine_with(shipped.refit(features, truth))[0],
        "split": _measure_splits(stream, cached_encode),
    }


def _is_pure(rows: NDArray[np.intp], types: NDArray[np.intp]) -> bool:
    majority, count = majority_type(rows, types)
    return majority >= 0 and count >= MIN_PURITY * len(rows)


def _measure_splits(stream: Stream, encode: Encode) -> dict[str, float]:
    """Bisects every pair of types as one cluster.

    Returns the share of rows on the right side, at the median and in the worst tenth.
    """
    texts = [normalise(row.text) for row in mask_rows(stream.rows)]
    vectors = np.asarray(encode(texts), np.float32)
    types = [np.flatnonzero(stream.types == number) for number in range(stream.types.max() + 1)]
    shares = []

    for first, second in combinations(types, 2):
        rows = np.concatenate([first, second])
        centroids = bisect(vectors[rows])
        if centroids is None:
            continue

        assigned = vectors[rows] @ centroids[0] > vectors[rows] @ centroids[1]
        is_first = np.arange(len(rows)) < len(first)
        agreement = float((assigned == is_first).mean())
        # Which half is called the first one is arbitrary.
        shares.append(max(agreement, 1 - agreement))

    return {
        "pairs": len(shares),
        "median": round(float(np.median(shares)), 4),
        "worst_tenth": round(float(np.quantile(shares, 0.1)), 4),
    }
