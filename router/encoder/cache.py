"""Caches the vectors of the texts that were encoded last."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from router.encoder.protocol import Encoder

MAX_TEXTS = 4096


class CachingEncoder:
    """An encoder with an LRU cache of `size` texts. It stores hashes of them, never the texts.

    It differs from the encoder behind it in nothing else; see `Encoder`.
    """

    def __init__(self, encoder: Encoder, size: int = MAX_TEXTS) -> None:
        self._encoder = encoder
        self._size = size
        self.model_id = encoder.model_id
        self.dim = encoder.dim

        self._rows: OrderedDict[bytes, NDArray[np.float32]] = OrderedDict()
        """Views by key, least recently used first."""
        self._guard = threading.Lock()

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Returns the first block of the views."""
        return self.views(texts)[:, : self.dim]

    def views(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Returns the views of the encoder behind it."""
        if not texts:
            return self._encoder.views([])

        keys = [self._key(text) for text in texts]
        rows = self._cached(keys)

        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in rows}
        if missing:
            # Outside the lock: two threads may encode the same text, which is harmless.
            encoded = self._encoder.views(list(missing.values()))
            new_rows = dict(zip(missing, encoded, strict=True))
            rows.update(new_rows)
            self._store(new_rows)

        return np.stack([rows[key] for key in keys])

    def clear(self, keep: Iterable[str] = ()) -> None:
        """Removes every vector but those of the texts to `keep`, which are nobody's to erase."""
        keys = [self._key(text) for text in keep]
        with self._guard:
            kept = [(key, self._rows[key]) for key in keys if key in self._rows]
            self._rows = OrderedDict(kept)

    def _key(self, text: str) -> bytes:
        # "replace": half a surrogate pair is no valid UTF-8 and must not raise here.
        content = f"{self.model_id}\0{text}".encode("utf-8", "replace")
        return hashlib.blake2b(content, digest_size=16).digest()

    def _cached(self, keys: Sequence[bytes]) -> dict[bytes, NDArray[np.float32]]:
        """Returns the rows that are cached, and marks them as used."""
        rows: dict[bytes, NDArray[np.float32]] = {}
        with self._guard:
            for key in keys:
                if key in self._rows:
                    rows[key] = self._rows[key]
                    self._rows.move_to_end(key)

        return rows

    def _store(self, new_rows: dict[bytes, NDArray[np.float32]]) -> None:
        """Adds rows and evicts the least recently used ones."""
        with self._guard:
            for key, row in new_rows.items():
                # A copy, or the row would keep the whole batch that it is a view of in memory.
                self._rows[key] = row.copy()

            while len(self._rows) > self._size:
                self._rows.popitem(last=False)


def clear_vectors(encoder: Encoder, keep: Iterable[str] = ()) -> None:
    """Removes the vectors that the encoder holds in memory, where it has a cache.

    What was made from erased texts must not stay; the vectors of the texts to `keep` do.
    """
    if isinstance(encoder, CachingEncoder):
        encoder.clear(keep)
