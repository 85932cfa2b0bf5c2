"""How well mining recovers known request types from streams in which they hide in noise."""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray

from evals.mining.streams.peers import compare_peers
from evals.mining.streams.streams import Stream, gate_auroc, read_stream, score_recovery
from router.config import read_settings
from router.encoder.factory import open_encoder
from router.log import set_up_logs
from router.text.printable import print_line
from workers.mining.pipeline import (
    NO_PRIVACY_LIMITS,
    Encode,
    MiningHistory,
    MiningLimits,
    MiningResult,
    mine,
)
from workers.mining.request_gate import load_gate

BOOTSTRAP_SAMPLES = 4
SAMPLE_SHARE = 0.9
PERMUTATIONS = 2
NOT_FIGURES = ("stream", "peers", "rows")


def main(
    stream: Annotated[
        list[Path],
        typer.Option(help="Rows {text,user,at,type}, type null for noise. Repeatable: means."),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    min_rows: Annotated[
        int, typer.Option(help="Least rows of a candidate; the privacy gate is off here.")
    ] = 12,
    stability: Annotated[
        bool, typer.Option("--stability", help="Also 90 % bootstraps and other row orders.")
    ] = False,
    peers: Annotated[
        bool, typer.Option("--peers", help="Also KMeans and, where installed, BERTopic's defaults.")
    ] = False,
    gate: Annotated[
        Path | None, typer.Option(help="Another gate than the one that comes with Beagle.")
    ] = None,
) -> None:
    """Mine labelled streams; report precision, recall, F1, false candidates and cost."""
    settings = read_settings()
    set_up_logs(settings.log, "error")
    encoder = open_encoder(settings.encoder, settings.encoder_cache)
    history = MiningHistory(gate=load_gate(gate))
    results = []

    for path in stream:
        figures = measure(
            read_stream(path), encoder.encode, min_rows, history, stability=stability, peers=peers
        )
        results.append({"stream": path.name, **figures})
        if not as_json:
            print_line(_line(results[-1]))

    summary = means(results)
    if as_json:
        print_line(json.dumps({**summary, "streams": results}))
    else:
        print_line(_line({"stream": "mean", **summary}))


def measure(
    stream: Stream,
    encode: Encode,
    min_rows: int,
    history: MiningHistory,
    *,
    stability: bool = False,
    peers: bool = False,
) -> dict[str, Any]:
    """Returns every figure of one stream.

    Shares are in 0-1. `cpu_seconds` leaves embedding out, `peak_mb` is that of the whole process.
    """
    cache = EmbeddingCache(encode)
    limits = replace(NO_PRIVACY_LIMITS, min_cluster_rows=min_rows, min_requests=min_rows)
    start = time.process_time()
    result = mine(stream.rows, cache.encode, limits, history)
    cpu_seconds = time.process_time() - start - cache.cpu_seconds

    clusters = _visible_rows(result)
    score = score_recovery(clusters, stream.types)
    considered = [(np.array(rows), probability) for rows, probability in result.considered]
    figures: dict[str, Any] = {
        "precision": score.precision,
        "recall": score.recall,
        "f1": score.f1,
        "false_candidates": score.false_candidates,
        "duplicates": score.duplicates,
        "shown": score.shown,
        "ari": _adjusted_rand_index(clusters, stream.types),
        "s1_auroc": gate_auroc(considered, stream.types),
        "bootstrap_jaccard": None,
        "order_jaccard": None,
        "cpu_seconds": round(cpu_seconds, 2),
        "peak_mb": _peak_mb(),
        "rows": len(stream.rows),
    }

    if stability:
        check = StabilityCheck(stream, cache.encode, limits, history)
        figures["bootstrap_jaccard"] = check.bootstrap(clusters)
        figures["order_jaccard"] = check.order(clusters)

    if peers:
        figures["peers"] = compare_peers(stream, cache.encode, min_rows, score.f1)

    return figures


class EmbeddingCache:
    """Embeds no text twice, and counts the CPU seconds that embedding takes."""

    def __init__(self, encode: Encode) -> None:
        self._encode = encode
        self._vectors: dict[str, NDArray[np.float32]] = {}
        self.cpu_seconds = 0.0

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Returns the vectors of these texts, `(n, d)`."""
        start = time.process_time()
        missing = sorted({text for text in texts if text not in self._vectors})
        if missing:
            self._vectors.update(zip(missing, self._encode(missing), strict=True))

        if texts:
            rows = np.stack([self._vectors[text] for text in texts])
        else:
            rows = np.zeros((0, 1), np.float32)

        self.cpu_seconds += time.process_time() - start
        return rows


class StabilityCheck:
    """Mines the same rows again, in samples and in other orders."""

    def __init__(
        self, stream: Stream, encode: Encode, limits: MiningLimits, history: MiningHistory
    ) -> None:
        self._rows = stream.rows
        self._encode = encode
        self._limits = limits
        self._history = history

    def bootstrap(self, clusters: Sequence[NDArray[np.intp]]) -> float | None:
        """Returns the median Jaccard overlap of clusters with the best one in a 90 % sample."""
        random = np.random.default_rng(0)
        count = len(self._rows)
        overlaps: list[float] = []

        for _ in range(BOOTSTRAP_SAMPLES):
            sample = np.sort(random.choice(count, int(SAMPLE_SHARE * count), replace=False))
            expected = [np.intersect1d(cluster, sample) for cluster in clusters]
            overlaps += _best_overlaps(expected, self._mine(sample))

        return float(np.median(overlaps)) if overlaps else None

    def order(self, clusters: Sequence[NDArray[np.intp]]) -> float | None:
        """Returns the mean Jaccard overlap with clusters of permuted rows: 1 if nothing changes."""
        random = np.random.default_rng(1)
        overlaps: list[float] = []

        for _ in range(PERMUTATIONS):
            permuted = random.permutation(len(self._rows))
            overlaps += _best_overlaps(clusters, self._mine(permuted))

        return float(np.mean(overlaps)) if overlaps else None

    def _mine(self, positions: NDArray[np.intp]) -> list[NDArray[np.intp]]:
        rows = [self._rows[position] for position in positions]
        result = mine(rows, self._encode, self._limits, self._history)
        return [np.sort(positions[cluster]) for cluster in _visible_rows(result)]


def means(results: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Returns the mean of every figure over the streams; of memory peaks the largest.

    None where nothing was measured.
    """
    summary: dict[str, Any] = {}
    for name in results[0]:
        if name in ("stream", "peers"):
            continue

        values = [each[name] for each in results if isinstance(each[name], int | float)]
        if not values:
            summary[name] = None
        elif name == "peak_mb":
            summary[name] = max(values)
        else:
            summary[name] = round(float(np.mean(values)), 4)

    if "peers" in results[0]:
        summary["peers"] = {}
        for peer in results[0]["peers"]:
            peer_results = [each["peers"][peer] for each in results]
            summary["peers"][peer] = _peer_means(peer_results, summary["f1"])

    return summary


def _peer_means(
    results: Sequence[Mapping[str, Any] | None], our_f1: float
) -> dict[str, Any] | None:
    """Returns a peer's means, and how many times its F1 ours is; None if it is not installed."""
    installed = [result for result in results if result is not None]
    if not installed:
        return None

    figures = means(installed)
    figures["f1_times"] = round(our_f1 / figures["f1"], 2) if figures["f1"] else None
    return figures


def _visible_rows(result: MiningResult) -> list[NDArray[np.intp]]:
    return [np.array(cluster.rows, np.intp) for cluster in result.visible]


def _best_overlaps(
    clusters: Sequence[NDArray[np.intp]], others: Sequence[NDArray[np.intp]]
) -> list[float]:
    """Returns for each cluster its largest Jaccard overlap with one of the others."""
    return [
        max((_jaccard(cluster, other) for other in others), default=0.0) for cluster in clusters
    ]


def _jaccard(first: NDArray[np.intp], second: NDArray[np.intp]) -> float:
    both = len(np.intersect1d(first, second, assume_unique=True))
    return both / max(len(first) + len(second) - both, 1)


def _adjusted_rand_index(clusters: Sequence[NDArray[np.intp]], types: NDArray[np.intp]) -> float:
    """Returns the adjusted Rand index over all rows.

    Noise is one class, and so is what belongs to no cluster.
    """
    from sklearn.metrics import adjusted_rand_score

    labels = np.full(len(types), -1)
    for number, rows in enumerate(clusters):
        labels[rows] = number

    return round(float(adjusted_rand_score(types, labels)), 4)


def _peak_mb() -> float:
    # Linux counts kilobytes, macOS bytes.
    unit = 1024 if sys.platform == "linux" else 2**20
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit, 1)


def _line(result: Mapping[str, Any]) -> str:
    """Returns the figures of one stream in a line, and one line for each peer."""
    figures = []
    for name, value in result.items():
        if name in NOT_FIGURES or value is None:
            continue

        figures.append(f"{name} {value:.2f}" if isinstance(value, float) else f"{name} {value}")

    lines = [f"{result['stream']:18} {'  '.join(figures)}"]
    for name, peer in result.get("peers", {}).items():
        if peer is None:
            text = "not installed: pip install bertopic"
        else:
            text = "  ".join(f"{k} {float(v):.2f}" for k, v in peer.items() if v is not None)

        lines.append(f"  {name:18} {text}")

    return "\n".join(lines)
