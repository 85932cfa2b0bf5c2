"""Quick stand-ins that several evaluations and benchmarks share."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from bot.routing.background_training import BackgroundTrainer


class HashingEncoder:
    """The `Encoder` port: counts words in hashed columns, and by default their trigrams, too.

    It is quick, and enough to tell topics apart.
    """

    model_id, dim = "hashed", 64

    def __init__(self, *, trigrams: bool = True) -> None:
        self._trigrams = trigrams

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Returns the views: there is only one."""
        return self.views(texts)

    def views(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Returns `(n, 64)` unit vectors."""
        rows = np.zeros((len(texts), self.dim), np.float32)
        for row, text in zip(rows, texts, strict=True):
            row[0] = 0.01
            for word in re.findall(r"\w+", text.lower()):
                for part in self._parts(word):
                    row[zlib.crc32(part.encode()) % self.dim] += 1
            row /= np.linalg.norm(row)

        return rows

    def _parts(self, word: str) -> Iterator[str]:
        yield word
        if self._trigrams:
            for start in range(max(1, len(word) - 2)):
                yield word[start : start + 3]


class ImmediateTrainer(BackgroundTrainer):
    """Trains at once, in the thread of whoever requests it."""

    def request(self, team: str, wait: float = 0.0) -> bool:
        """Trains the workspace's router if its labels have changed; returns True."""
        state = self._states().get(team)
        if state != self._trained.get(team):
            self._train(team)
            self._trained[team] = state

        return True
