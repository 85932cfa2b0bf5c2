"""Exports the quote scorer in int8: MiniLM's weights with the adapters merged into them."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from router.encoder.bert_graph import write_cross_encoder
from router.encoder.factory import builtin_examples, minilm_folder, minilm_weights
from router.encoder.onnx_export import export_int8
from workers.knowledge.relevance.quote_scorer import (
    ADAPTERS,
    MAX_QUESTION_CHARS,
    open_pair_tokenizer,
    run_pair,
    scorer_files,
)

DOWN, UP = ".down", ".up"
HEAD = ("pair.weight", "pair.bias", "pair.scale")
QUESTIONS, QUOTES = 40, 6
"""The parity check scores so many texts with so many others each."""
MIN_CORRELATION = 0.97
"""Pearson's, between full precision and int8, below which an export is refused."""
MIN_AGREEMENT = 0.75
"""Share of questions with the same best text below which an export is refused. These texts hardly
answer each other, so the best ones are often nearly as good."""


def merged(
    weights: Mapping[str, NDArray[np.float32]], adapters: Mapping[str, NDArray[Any]]
) -> dict[str, NDArray[np.float32]]:
    """Returns the weights plus `up @ down` of each layer that has adapters, and the head."""
    whole = dict(weights)
    for key in adapters:
        if key.endswith(DOWN):
            layer = key.removesuffix(DOWN)
            change = adapters[layer + UP].astype(np.float32) @ adapters[key].astype(np.float32)
            whole[f"{layer}.weight"] = weights[f"{layer}.weight"] + change

    for key in HEAD:
        whole[key] = adapters[key].astype(np.float32)

    return whole


def prepare_quote_scorer(folder: Path, adapters: Path) -> None:
    """Exports the model into `folder`, with its parity check. Running it twice is safe."""
    files = scorer_files(adapters)
    with files.exclusive(folder):
        # Another process may have finished while this one waited for the lock.
        if not files.exists(folder):
            with np.load(adapters) as saved:
                weights = merged(minilm_weights(), saved)

            export_int8(folder, lambda path: write_cross_encoder(weights, path), _compare, files)


def _compare(full: Any, quantised: Any) -> dict[str, Any]:
    tokenizer = open_pair_tokenizer(minilm_folder())
    texts = list(dict.fromkeys(builtin_examples()))
    step = max(1, len(texts) // (QUESTIONS * QUOTES))
    sample = texts[::step]
    expected, actual = [], []
    for number in range(QUESTIONS):
        question = sample[number % len(sample)][:MAX_QUESTION_CHARS]
        for place in range(QUOTES):
            quote = sample[(number + 1 + place * QUESTIONS) % len(sample)]
            expected.append(run_pair(full, tokenizer, question, quote))
            actual.append(run_pair(quantised, tokenizer, question, quote))

    rows, int8_rows = (np.reshape(one, (QUESTIONS, QUOTES)) for one in (expected, actual))
    correlation = float(np.corrcoef(expected, actual)[0, 1])
    agreement = float((rows.argmax(1) == int8_rows.argmax(1)).mean())
    return {
        "admitted": correlation >= MIN_CORRELATION and agreement >= MIN_AGREEMENT,
        "agreement": agreement,
        "correlation": correlation,
        "pairs": len(expected),
    }


if __name__ == "__main__":
    prepare_quote_scorer(Path(sys.argv[1]), Path(sys.argv[2]) if sys.argv[2:] else ADAPTERS)
