"""An encoder that needs no model: a text is the sum of its words' random directions."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


class WordEncoder:
    """The `Encoder` port by hashed words; texts that share words are near each other."""

    model_id = "advice-words"
    dim = 128

    def __init__(self) -> None:
        self._directions: dict[str, NDArray[np.float64]] = {}

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Returns vectors of length 1, `(n, dim)`."""
        rows = np.zeros((len(texts), self.dim))
        for number, text in enumerate(texts):
            rows[number] = sum(map(self._direction, text.lower().split()), np.zeros(self.dim))

        lengths = np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
        return np.asarray(rows / lengths, dtype=np.float32)

    def views(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Returns the same vectors: there is nothing more to tell."""
        return self.encode(texts)

    def _direction(self, word: str) -> NDArray[np.float64]:
        if word not in self._directions:
            seed = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=4).digest())
            self._directions[word] = np.random.default_rng(seed).normal(size=self.dim)

        return self._directions[word]
