"""How well mining recovers known request types from streams in which they hide in noise."""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray

from evals.peers import peers_of
from evals.streams import Stream, auroc_of, read_stream, recovered
from router.config import read_settings
from router.encoder.factory import open_encoder
from router.log import set_up_logs
from workers.mining.pipeline import OPEN, Encode, Mined, Past, mine
from workers.mining.request_gate import load_gate

BOOTSTRAPS = 4
KEPT = 0.9
ORDERS = 2


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
    """Mine labelled streams and say what was recovered: precision, recall, F1, false candidates, cost."""
    settings = read_settings()
    set_up_logs(settings.log, "error")
    encoder = open_encoder(settings.encoder, settings.encoder_cache)
    past = Past(gate=load_gate(gate))
    results = []

    for path in stream:
        result = measure(
            read_stream(path), encoder.encode, min_rows, past, stability=stability, peers=peers
        )
        results.append({"stream": path.name, **result})
        if not as_json:
            print(_line(results[-1]))

    together = means(results)
    print(
        json.dumps({**together, "streams": results})
        if as_json
        else _line({"stream": "mean", **together})
    )


def measure(
    stream: Stream,
    encode: Encode,
    min_rows: int,
    past: Past,
    *,
    stability: bool = False,
    peers: bool = False,
) -> dict[str, Any]:
    """Every figure of one stream. Shares in 0-1; `cpu_seconds` leaves embedding out; `peak_mb` is the whole process."""
    clock = Clock(encode)
    limits = replace(OPEN, group_rows=min_rows, rows=min_rows)
    start = time.process_time()
    mined = mine(stream.rows, clock.encode, limits, past)
    seconds = time.process_time() - start - clock.seconds
    groups = _groups(mined)
    found = recovered(groups, stream.types)
    out: dict[str, Any] = {
        "precision": found.precision,
        "recall": found.recall,
        "f1": found.f1,
        "false_candidates": found.false_candidates,
        "duplicates": found.duplicates,
        "shown": found.shown,
        "ari": _ari(groups, stream.types),
        "s1_auroc": auroc_of([(np.array(rows), s1) for rows, s1 in mined.considered], stream.types),
        "bootstrap_jaccard": None,
        "order_jaccard": None,
        "cpu_seconds": round(seconds, 2),
        "peak_mb": round(
            resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            / (1024 if sys.platform == "linux" else 2**20),
            1,
        ),
        "rows": len(stream.rows),
    }

    if stability:
        again = _Again(stream, clock.encode, limits, past)
        out["bootstrap_jaccard"] = again.bootstrap(groups)
        out["order_jaccard"] = again.order(groups)

    if peers:
        out["peers"] = peers_of(stream, clock.encode, min_rows, found.f1)

    return out


class Clock:
    """Measures the CPU seconds that go into embedding, and embeds no text twice."""

    def __init__(self, encode: Encode) -> None:
        self._encode, self._known = encode, dict[str, NDArray[np.float32]]()
        self.seconds = 0.0

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """As the encoder behind it."""
        start = time.process_time()
        missing = sorted({text for text in texts if text not in self._known})
        if missing:
            self._known.update(zip(missing, self._encode(missing), strict=True))

        rows = (
            np.stack([self._known[text] for text in texts])
            if texts
            else np.zeros((0, 1), np.float32)
        )

        self.seconds += time.process_time() - start
        return rows


class _Again:
    """Mines the same rows again in other samples and orders."""

    def __init__(self, stream: Stream, encode: Encode, limits: Any, past: Past) -> None:
        self._rows, self._encode, self._limits, self._past = stream.rows, encode, limits, past

    def bootstrap(self, groups: Sequence[NDArray[np.intp]]) -> float | None:
        """The median over groups and 90 % samples of the best Jaccard overlap with a group found in the sample."""
        random = np.random.default_rng(0)
        overlaps: list[float] = []

        for _ in range(BOOTSTRAPS):
            kept = np.sort(
                random.choice(len(self._rows), int(KEPT * len(self._rows)), replace=False)
            )
            overlaps += _overlaps(
                [np.intersect1d(group, kept) for group in groups], self._mine(kept)
            )

        return float(np.median(overlaps)) if overlaps else None

    def order(self, groups: Sequence[NDArray[np.intp]]) -> float | None:
        """The mean of the same for all rows in other orders: 1 when order does not matter."""
        random = np.random.default_rng(1)
        overlaps: list[float] = []

        for _ in range(ORDERS):
            overlaps += _overlaps(groups, self._mine(random.permutation(len(self._rows))))

        return float(np.mean(overlaps)) if overlaps else None

    def _mine(self, places: NDArray[np.intp]) -> list[NDArray[np.intp]]:
        mined = mine([self._rows[i] for i in places], self._encode, self._limits, self._past)
        return [np.sort(places[group]) for group in _groups(mined)]


def means(results: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The mean of every figure over the streams, the largest of the memory peaks; None where nothing was measured."""
    out: dict[str, Any] = {}
    for name in results[0]:
        values = [each[name] for each in results if isinstance(each[name], int | float)]
        if name not in ("stream", "peers"):
            out[name] = (
                None
                if not values
                else max(values)
                if name == "peak_mb"
                else round(float(np.mean(values)), 4)
            )

    if "peers" in results[0]:
        out["peers"] = {
            peer: _peer([each["peers"][peer] for each in results], out)
            for peer in results[0]["peers"]
        }

    return out


def _peer(results: Sequence[dict[str, Any] | None], ours: dict[str, Any]) -> dict[str, Any] | None:
    """A peer's means, and how many times its mean F1 ours is; None where it is not installed."""
    found = [each for each in results if each is not None]
    if not found:
        return None

    figures = means(found)
    return {**figures, "f1_times": round(ours["f1"] / figures["f1"], 2) if figures["f1"] else None}


def _groups(mined: Mined) -> list[NDArray[np.intp]]:
    return [np.array(each.rows, np.intp) for each in mined.shown]


def _overlaps(
    groups: Sequence[NDArray[np.intp]], others: Sequence[NDArray[np.intp]]
) -> list[float]:
    def overlap(a: NDArray[np.intp], b: NDArray[np.intp]) -> float:
        both = len(np.intersect1d(a, b, assume_unique=True))
        return both / max(len(a) + len(b) - both, 1)

    return [max((overlap(group, other) for other in others), default=0.0) for group in groups]


def _ari(groups: Sequence[NDArray[np.intp]], types: NDArray[np.intp]) -> float:
    """The adjusted Rand index over all rows; noise and what is in no group are each a class of their own."""
    from sklearn.metrics import adjusted_rand_score

    labels = np.full(len(types), -1)

    for number, rows in enumerate(groups):
        labels[rows] = number

    return round(float(adjusted_rand_score(types, labels)), 4)


def _line(result: dict[str, Any]) -> str:
    shown = {
        n: v for n, v in result.items() if n not in ("stream", "peers", "rows") and v is not None
    }
    figures = "  ".join(
        f"{name} {value:.2f}" if isinstance(value, float) else f"{name} {value}"
        for name, value in shown.items()
    )
    peers = "".join(
        f"\n  {name:18} "
        + (
            "not installed: pip install bertopic"
            if each is None
            else "  ".join(f"{k} {v:.2f}" for k, v in _told(each))
        )
        for name, each in result.get("peers", {}).items()
    )

    return f"{result['stream']:18} {figures}{peers}"


def _told(figures: dict[str, Any]) -> list[tuple[str, float]]:
    return [(name, float(value)) for name, value in figures.items() if value is not None]
