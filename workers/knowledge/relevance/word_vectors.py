"""Vectors and frequencies of common words: what the ranking model knows of a language."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from router.text.terms import stem

INT8_SCALE = 127.0


class WordVectors:
    """Unit vectors of words, stored in int8, and each word's inverse document frequency (IDF).

    The vectors are MiniLM's own of each word alone, reduced by PCA (as in model2vec). A word that
    is not among them is looked up by its stem.
    """

    def __init__(
        self, words: Sequence[str], vectors: NDArray[np.int8], idf: NDArray[np.float32]
    ) -> None:
        self._vectors = vectors
        self._idf = idf
        self._rows: dict[str, int] = {}
        for row, word in enumerate(words):
            self._rows[word] = row
        for row, word in enumerate(words):
            self._rows.setdefault(stem(word), row)

        self._unknown_idf = float(idf.max())

    @classmethod
    def load(cls, path: Path) -> WordVectors:
        """Returns the vectors that `save` wrote."""
        with np.load(path) as saved:
            words = bytes(saved["words"]).decode("utf-8").split("\n")
            return cls(words, saved["vectors"], saved["idf"].astype(np.float32))

    def vectors(self, words: Sequence[str]) -> NDArray[np.float32]:
        """Returns `(n, dim)`, a row of about unit length for each word; zeros for unknown words."""
        rows = [self._row(word) for word in words]
        found = self._vectors[[max(row, 0) for row in rows]].astype(np.float32) / INT8_SCALE
        found[[number for number, row in enumerate(rows) if row < 0]] = 0.0
        return found

    def idf(self, words: Sequence[str]) -> NDArray[np.float32]:
        """Returns each word's IDF; an unknown word is as rare as the rarest."""
        values = []
        for word in words:
            row = self._row(word)
            values.append(self._unknown_idf if row < 0 else float(self._idf[row]))

        return np.array(values, np.float32)

    def _row(self, word: str) -> int:
        row = self._rows.get(word)
        return self._rows.get(stem(word), -1) if row is None else row


def save(
    path: Path, words: Sequence[str], vectors: NDArray[np.float32], idf: NDArray[np.float32]
) -> None:
    """Writes words with their unit vectors in int8 and their IDF to an `.npz` file."""
    np.savez_compressed(
        path,
        words=np.frombuffer("\n".join(words).encode("utf-8"), np.uint8),
        vectors=np.clip(np.round(vectors * INT8_SCALE), -127, 127).astype(np.int8),
        idf=idf.astype(np.float16),
    )
