"""What mining costs: CPU seconds and memory for any number of rows, without embedding."""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Sequence
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray

from router.text.printable import print_line
from workers.mining.pipeline import NO_PRIVACY_LIMITS, mine
from workers.mining.rows import Row
from workers.mining.vectors import normalise_rows

TYPES = 60
TYPE_SHARE = 0.2
TYPE_SPREAD = 0.7
DIMENSIONS = 384
VOCABULARY = 5_000
WORDS = 6
USERS = 5_000
BLOCK_ROWS = 20_000


def main(
    rows: Annotated[int, typer.Option(min=100, help="How many messages.")] = 10_000,
    seed: int = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Mine made-up messages with made-up vectors: the cost is real, what is found means nothing."""
    random = np.random.default_rng(seed)
    messages, vectors = _messages(rows, random)
    encode_seconds = 0.0

    def encode(texts: Sequence[str]) -> NDArray[np.float32]:
        nonlocal encode_seconds
        start = time.process_time()
        numbers = [int(text.split()[0][1:]) for text in texts]
        encoded = normalise_rows(vectors[numbers].astype(np.float32))
        encode_seconds += time.process_time() - start
        return encoded

    before_mb = _peak_mb()
    start = time.process_time()
    result = mine(messages, encode, NO_PRIVACY_LIMITS)
    cpu_seconds = time.process_time() - start - encode_seconds
    figures = {
        "rows": rows,
        "cpu_seconds": round(cpu_seconds, 2),
        "peak_mb": round(_peak_mb(), 1),
        "before_mb": round(before_mb, 1),
        "groups": len(result.considered),
    }

    if as_json:
        print_line(json.dumps(figures))
    else:
        print_line("  ".join(f"{name} {value}" for name, value in figures.items()))


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _messages(rows: int, random: np.random.Generator) -> tuple[list[Row], NDArray[np.float16]]:
    """Returns messages and their vectors: a fifth lies near one of the types, the rest anywhere.

    Each text begins with its own number, by which `encode` finds its vector.
    """
    centroids = random.normal(size=(TYPES, DIMENSIONS)).astype(np.float32)
    types = np.where(random.random(rows) < TYPE_SHARE, random.integers(0, TYPES, rows), -1)
    # In half precision, so that the memory which is measured is mining's more than that of the
    # messages handed to it.
    vectors = np.empty((rows, DIMENSIONS), np.float16)

    for start in range(0, rows, BLOCK_ROWS):
        block = slice(start, start + BLOCK_ROWS)
        own = types[block]
        drawn = random.normal(size=(len(own), DIMENSIONS)).astype(np.float32)
        typed = own >= 0
        drawn[typed] = centroids[own[typed]] + TYPE_SPREAD * drawn[typed]
        vectors[block] = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)

    words = random.integers(0, VOCABULARY, (rows, WORDS))
    messages = []
    for number in range(rows):
        text = f"m{number} " + " ".join(f"w{word}" for word in words[number])
        messages.append(Row(text, f"u{number % USERS}", float(number)))

    return messages, vectors
