"""Exports int8 models from their full weights and compares the two before one may serve."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from router.encoder.bert_graph import BLOCKS, WIDTH
from router.encoder.onnx import ExportFiles, encode_each, open_session, open_tokenizer
from router.errors import SettingsError

MIN_COSINE = 0.97
"""Mean cosine between full precision and int8 below which an export is refused."""
MIN_AGREEMENT = 0.90
"""Share of texts with the same nearest neighbour below which an export is refused."""
MAX_TEXTS = 400
EXPORT_SECONDS = 600


Compare = Callable[[Any, Any], dict[str, Any]]
"""Compares the sessions of the full and the int8 graph; `admitted` says whether the latter serves,
and what is known of it besides stands beside that."""


def export_in_child(module: str, arguments: Sequence[str], what: str) -> None:
    """Runs a module of ours that exports `what`, in a process of its own.

    The full weights and the tools for it would fill this one. Raises SettingsError with what went
    wrong.
    """
    try:
        done = subprocess.run(  # noqa: S603  # our own module
            [sys.executable, "-m", module, *arguments],
            capture_output=True,
            text=True,
            timeout=EXPORT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise SettingsError(f"exporting {what} took more than {EXPORT_SECONDS} s") from error

    if done.returncode:
        last_line = done.stderr.strip().splitlines()[-1:] or ["no message"]
        raise SettingsError(f"exporting {what} failed: {last_line[0]}")


def export_int8(
    folder: Path, write_full: Callable[[Path], None], compare: Compare, files: ExportFiles
) -> None:
    """Writes the int8 file and the result of its parity check to `folder`; neither is ever partial.

    `write_full` writes the graph in full precision, and `compare` checks one against the other.
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

        metadata = compare(open_session(full), open_session(quantised))
        metadata["sha256"] = hashlib.sha256(quantised.read_bytes()).hexdigest()
        check = Path(temporary) / "check.json"
        check.write_text(json.dumps(metadata, indent=1, sort_keys=True), "utf-8")
        # The check goes last: where it is, the model is complete.
        quantised.replace(files.model(folder))
        check.replace(files.check(folder))


def compare_encodings(tokenizer_folder: Path, texts: Sequence[str]) -> Compare:
    """Returns what compares two encoders on these texts, and states the size of a vector."""

    def compare(full: Any, quantised: Any) -> dict[str, Any]:
        sample = list(dict.fromkeys(texts))[:MAX_TEXTS]
        tokenizer = open_tokenizer(tokenizer_folder)
        width = BLOCKS * WIDTH
        expected = encode_each(full, tokenizer, sample, width)
        actual = encode_each(quantised, tokenizer, sample, width)

        cosine, agreement = measure_parity(expected[:, :WIDTH], actual[:, :WIDTH])
        return {
            "admitted": cosine >= MIN_COSINE and agreement >= MIN_AGREEMENT,
            "agreement": agreement,
            "cosine": cosine,
            "dim": WIDTH,
            "texts": len(sample),
            "width": width,
        }

    return compare


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
