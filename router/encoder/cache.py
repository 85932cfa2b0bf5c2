"""Remembers the vectors of the texts that were encoded last."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from router.encoder.factory import Encoder

SIZE = 4096


class Cache:
    """An encoder that encodes a text once while it is among the last `size`. It keeps hashes, never texts."""

    def __init__(self, encoder: Encoder, size: int = SIZE) -> None:
        self._encoder, self._size = encoder, size
        self.model_id, self.dim = encoder.model_id, encoder.dim
        self._rows: OrderedDict[bytes, NDArray[np.float32]] = OrderedDict()
        self._guard = threading.Lock()

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The first block of the views."""
        return self.views(texts)[:, : self.dim]

    def views(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """As the encoder behind it."""
        keys = [
            hashlib.blake2b(
                f"{self.model_id}\0{text}".encode("utf-8", "replace"), digest_size=16
            ).digest()
            for text in texts
        ]
        with self._guard:
            found = {key: self._rows[key] for key in keys if key in self._rows}
            for key in found:
                self._rows.move_to_end(key)

        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in found}
        if missing:
            rows = self._encoder.views(list(missing.values()))
            fresh = dict(zip(missing, rows, strict=True))
            found |= fresh

            with self._guard:
                self._rows.update((key, row.copy()) for key, row in fresh.items())
                while len(self._rows) > self._size:
                    self._rows.popitem(last=False)

        if not keys:
            return self._encoder.views([])

        return np.stack([found[key] for key in keys])
