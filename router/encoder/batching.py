"""Texts of many threads go through an encoder together."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from router.encoder.factory import Encoder

MOST = 64


@dataclass(slots=True)
class _Waiting:
    texts: list[str]
    done: threading.Event = field(default_factory=threading.Event)
    rows: NDArray[np.float32] | None = None
    error: Exception | None = None


class Batches:
    """An encoder that runs one batch at a time; a batch is whatever arrived while the one before it ran.

    So nobody waits for a window to close: a lone caller is served at once, and a crowd shares.
    """

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self.model_id, self.dim = encoder.model_id, encoder.dim
        self._turn = threading.Lock()
        self._guard = threading.Lock()
        self._waiting: list[_Waiting] = []

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The first block of the views."""
        return self.views(texts)[:, : self.dim]

    def views(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """As the encoder behind it. Raises what that raised, to each caller of the batch."""
        mine = _Waiting(list(texts))
        with self._guard:
            self._waiting.append(mine)

        with self._turn:
            if not mine.done.is_set():
                self._run(mine)

        if mine.error is not None:
            raise mine.error

        assert mine.rows is not None
        return mine.rows

    @property
    def waiting(self) -> int:
        """Callers whose texts are in no batch yet."""
        with self._guard:
            return len(self._waiting)

    def _run(self, mine: _Waiting) -> None:
        """Encodes what waits: the caller's own texts and as many others as fit."""
        with self._guard:
            self._waiting.remove(mine)

            batch, count = [mine], len(mine.texts)
            while self._waiting and count + len(self._waiting[0].texts) <= MOST:
                batch.append(self._waiting.pop(0))
                count += len(batch[-1].texts)

        try:
            rows = self._encoder.views([text for one in batch for text in one.texts])
        except Exception as error:  # noqa: BLE001  # handed to every caller of the batch, swallowed for none
            for one in batch:
                one.error = error
        else:
            start = 0
            for one in batch:
                one.rows = rows[start : start + len(one.texts)]
                start += len(one.texts)

        for one in batch:
            one.done.set()
