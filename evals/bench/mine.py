"""What mining costs: CPU seconds and memory at any number of rows, without embedding."""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Sequence
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray

from workers.mining.geometry_features import unit
from workers.mining.pipeline import OPEN, mine
from workers.mining.rows import Row

TYPES = 60
TYPE_SHARE = 0.2
DIMENSIONS = 384
WORDS = 5_000
BATCH = 20_000


def main(
    rows: Annotated[int, typer.Option(min=100, help="How many messages.")] = 10_000,
    seed: int = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Mine made-up messages with made-up vectors: the cost is real, what is found means nothing."""
    random = np.random.default_rng(seed)
    asked, vectors = _messages(rows, random)
    spent = 0.0

    def encode(texts: Sequence[str]) -> NDArray[np.float32]:
        nonlocal spent
        start = time.process_time()
        out = unit(vectors[[int(text.split()[0][1:]) for text in texts]].astype(np.float32))
        spent += time.process_time() - start

        return out

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    start = time.process_time()
    found = mine(asked, encode, OPEN)
    seconds = time.process_time() - start - spent
    figures = {
        "rows": rows,
        "cpu_seconds": round(seconds, 2),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "before_mb": round(before, 1),
        "groups": len(found.considered),
    }

    print(
        json.dumps(figures)
        if as_json
        else "  ".join(f"{name} {value}" for name, value in figures.items())
    )


def _messages(rows: int, random: np.random.Generator) -> tuple[list[Row], NDArray[np.float16]]:
    """A fifth of the rows are near one of the types, the rest lies anywhere; each begins with its own number."""
    centres = random.normal(size=(TYPES, DIMENSIONS)).astype(np.float32)
    kind = np.where(random.random(rows) < TYPE_SHARE, random.integers(0, TYPES, rows), -1)
    # Half precision, so that what is counted is mining's memory more than that of the messages
    # handed to it.
    vectors = np.empty((rows, DIMENSIONS), np.float16)

    for start in range(0, rows, BATCH):
        part = slice(start, start + BATCH)
        own = kind[part]
        made = random.normal(size=(len(own), DIMENSIONS)).astype(np.float32)
        made[own >= 0] = centres[own[own >= 0]] + 0.7 * made[own >= 0]
        vectors[part] = made / np.linalg.norm(made, axis=1, keepdims=True)

    words = random.integers(0, WORDS, (rows, 6))
    asked = [
        Row(f"m{i} " + " ".join(f"w{w}" for w in words[i]), f"u{i % 5_000}", float(i))
        for i in range(rows)
    ]

    return asked, vectors
