"""Makes the int8 encoder from the full weights, once, and compares the two before it may serve."""

from __future__ import annotations

import hashlib
import json
import tempfile
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from router.encoder.onnx import FILES, run, session, tokenizer

if TYPE_CHECKING:
    from router.encoder.factory import Encoder

LEAST_COSINE = 0.97
LEAST_AGREEMENT = 0.90
MOST_TEXTS = 400


def export(
    folder: Path,
    model: Path,
    reference: Encoder,
    write: Callable[[Path], None],
    texts: Sequence[str],
) -> None:
    """The int8 file and the result of its check are in `folder`; neither is ever there half.

    Weights are quantised per channel with 7 bits: with 8 bits and one scale, processors without
    VNNI overflow and accuracy falls by more than a point.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with tempfile.TemporaryDirectory(dir=folder) as place, warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # the tracer warns of Python branches that the encoder does not take
        full, small = Path(place) / "full.onnx", Path(place) / "int8.onnx"
        write(full)
        quantize_dynamic(
            full, small, per_channel=True, reduce_range=True, weight_type=QuantType.QInt8
        )
        sample = list(dict.fromkeys(texts))[:MOST_TEXTS]
        wanted = reference.views(sample)
        got = run(session(small), tokenizer(model), sample, wanted.shape[1])
        cosine, agreement = compare(wanted[:, : reference.dim], got[:, : reference.dim])
        facts = {
            "admitted": cosine >= LEAST_COSINE and agreement >= LEAST_AGREEMENT,
            "agreement": agreement,
            "cosine": cosine,
            "dim": reference.dim,
            "sha256": hashlib.sha256(small.read_bytes()).hexdigest(),
            "texts": len(sample),
            "width": wanted.shape[1],
        }

        noted = Path(place) / "check.json"
        noted.write_text(json.dumps(facts, indent=1, sort_keys=True), "utf-8")
        small.replace(FILES.model(folder))
        noted.replace(FILES.check(folder))


def compare(wanted: NDArray[np.float32], got: NDArray[np.float32]) -> tuple[float, float]:
    """How alike two encodings of the same texts are.

    The lowest of the mean cosine between the two vectors of a text, and the share of texts whose
    nearest other text in one encoding is among the nearest three in the other.
    """
    cosine = float((wanted * got).sum(1).mean())
    if len(wanted) < 2:
        return cosine, 1.0

    near = [rows @ rows.T for rows in (wanted, got)]
    for similar in near:
        np.fill_diagonal(similar, -2)

    first = near[0].argmax(1)
    three = np.argsort(-near[1], axis=1)[:, :3]
    return cosine, float((three == first[:, None]).any(1).mean())
