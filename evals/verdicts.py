"""What admins' verdicts do to the next look at what repeats: groups divided rightly, a gate that few can turn."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray

from evals.mine import Clock
from evals.streams import PURE, Stream, main_type, read_stream, recovered
from router.config import read_settings
from router.encoder.factory import open_encoder
from router.log import set_up_logs
from router.text.normalise import normalise
from workers.mining.constraints import halves
from workers.mining.pipeline import OPEN, Encode, Finding, Past, mine
from workers.mining.request_gate import Gate, load_gate
from workers.mining.rows import mask

HOSTILE = (1, 3, 5, 20)
"""How many of the best candidates are called chatter, against the truth."""
LIMITS = replace(OPEN, group_rows=12, rows=12)


def main(
    stream: Annotated[
        list[Path], typer.Option(help="Rows {text,user,at,type}, type null for noise. Repeatable.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Judge what was mined as admins would, rightly and wrongly, and say what the next look finds."""
    settings = read_settings()
    set_up_logs(settings.log, "error")
    encoder = open_encoder(settings.encoder, settings.encoder_cache)
    results = []

    for path in stream:
        results.append({"stream": path.name, **measure(read_stream(path), encoder.encode)})
        if not as_json:
            print(json.dumps(results[-1]))

    if as_json:
        print(json.dumps({"streams": results}))


def measure(stream: Stream, encode: Encode) -> dict[str, Any]:
    """F1 before and after verdicts, and the share of rows that end on the right side when two types are divided."""
    once, shipped = Clock(encode).encode, load_gate()

    def look(gate: Gate) -> tuple[float, tuple[Finding, ...]]:
        mined = mine(stream.rows, once, LIMITS, Past(gate=gate))
        groups = [np.array(sorted(one.rows), np.intp) for one in mined.findings]
        return recovered(groups, stream.types).f1, mined.findings

    before, found = look(shipped)
    found = tuple(sorted(found, key=lambda one: -one.s1))
    hostile = {}

    for clicks in HOSTILE:
        judged = [one.measured for one in found[:clicks]]
        hostile[str(len(judged))] = look(shipped.refit(judged, [False] * len(judged)))[0]

    truth = [_pure(np.array(one.rows, np.intp), stream.types) for one in found]
    right = look(shipped.refit([one.measured for one in found], truth))[0]
    return {
        "f1": before,
        "f1_after_hostile": hostile,
        "f1_after_right": right,
        "split": _split(stream, once),
    }


def _pure(rows: NDArray[np.intp], types: NDArray[np.intp]) -> bool:
    kind, count = main_type(rows, types)
    return kind >= 0 and count >= PURE * len(rows)


def _split(stream: Stream, encode: Encode) -> dict[str, float]:
    """Every two types as one group: how it is divided, at the median and in the worst tenth."""
    vectors = np.asarray(encode([normalise(row.text) for row in mask(stream.rows)]), np.float32)
    places = [np.flatnonzero(stream.types == kind) for kind in range(int(stream.types.max()) + 1)]
    shares = []

    for first, second in combinations(places, 2):
        rows = np.concatenate([first, second])

        parts = halves(vectors[rows])
        if parts is not None:
            side = vectors[rows] @ parts[0] > vectors[rows] @ parts[1]
            right = float((side == (np.arange(len(rows)) < len(first))).mean())
            shares.append(max(right, 1 - right))

    return {
        "pairs": len(shares),
        "median": round(float(np.median(shares)), 4),
        "worst_tenth": round(float(np.quantile(shares, 0.1)), 4),
    }
