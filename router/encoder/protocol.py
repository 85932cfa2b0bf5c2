"""The contract of every text encoder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

WORD_BLOCK_NORM = 0.5
"""Length of the block of word embeddings in the views. They tell routes apart that mean nearly the
same, but know nothing of synonyms, so they count less than the other blocks."""


class Encoder(Protocol):
    """Turns texts into vectors. A text's vector never depends on what else is encoded with it.

    Safe for many threads.
    """

    @property
    def model_id(self) -> str:
        """Names weights and arithmetic; vectors of two ids are never compared."""
        ...

    @property
    def dim(self) -> int:
        """Length of a sentence vector."""
        ...

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Returns `(n, dim)`: one sentence vector of unit length for each text, in order."""
        ...

    def views(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Returns `(n, width)`: the rows of `encode`, followed by further blocks `dim` wide.

        The further blocks are what the same pass through the model tells a classifier besides. Only
        the first one means anything by its cosine. `width` is a multiple of `dim`.
        """
        ...
