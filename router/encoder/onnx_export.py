"""Exports the int8 encoder from the full weights and compares the two before it may serve."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from router.encoder.bert_graph import BLOCKS, WIDTH
from router.encoder.onnx import ExportFiles, encode_each, open_session, open_tokenizer

MIN_COSINE = 0.97
"""Mean cosine between full precision and int8 below which an export is refused."""
MIN_AGREEMENT = 0.90
"""Share of texts with the same nearest neighbour below which an export is refused."""
MAX_TEXTS = 400


def export_int8(
    folder: Path,
    tokenizer_folder: Path,
    texts: Sequence[str],
    write_full: Callable[[Path], None],
    files: ExportFiles,
) -> None:
    """Writes the int8 file and the result of its parity check to `folder`; neither is ever partial.

    `write_full` writes the graph in full precision, and `texts` are what the two are compared on.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        full = Path(temporary) / "full.onnx"
        quantised = Path(temporary) / "int8.onnx"
        write_full(full)

        # Per channel and with 7 bits (reduce_range): with 8 bits and one scale, processors without
        # VNNI overflow and accuracy falls by more than a point.
        quantize_dynamic(
            full, quantised, per_channel=True, reduce_range=True, weight_type=QuantType.QInt8
        )

        sample = list(dict.fromkeys(texts))[:MAX_TEXTS]
        tokenizer = open_tokenizer(tokenizer_folder)
        width = BLOCKS * WIDTH
        expected = encode_each(open_session(full), tokenizer, sample, width)
        actual = encode_each(open_session(quantised), tokenizer, sample, width)

        cosine, agreement = measure_parity(expected[:, :WIDTH], actual[:, :WIDTH])
        metadata = {
            "admitted": cosine >= MIN_COSINE and agreement >= MIN_AGREEMENT,
            "agreement": agreement,
            "cosine": cosine,
            "dim": WIDTH,
            "sha256": hashlib.sha256(quantised.read_bytes()).hexdigest(),
            "texts": len(sample),
            "width": width,
        }

        check = Path(temporary) / "check.json"
        check.write_text(json.dumps(metadata, indent=1, sort_keys=True), "utf-8")
        # The check goes last: where it is, the model is complete.
        quantised.replace(files.model(folder))
        check.replace(files.check(folder))


def measure_parity(
    expected: NDArray[np.float32], actual: NDArray[np.float32]
) -> tuple[float, float]:
    """Returns how similar two encodings of the same texts are, as mean cosine and agreement.

    The agreement is the share of texts whose nearest other text in `expected` is among the nearest
    three in `actual`: what matters for retrieval and kNN. Rows have unit length.
    """
    cosine = float((expected * actual).sum(1).mean())
    if len(expected) < 2:
        return cosine, 1.0

    nearest = _similarity_to_others(expected).argmax(1)
    nearest_three = np.argsort(-_similarity_to_others(actual), axis=1)[:, :3]
    agreement = float((nearest_three == nearest[:, None]).any(1).mean())
    return cosine, agreement


def _similarity_to_others(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    similarity: NDArray[np.float32] = rows @ rows.T
    # Below any cosine, so that no row is its own neighbour.
    np.fill_diagonal(similarity, -2)
    return similarity
