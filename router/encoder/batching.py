"""Batches the texts of many threads into one call of an encoder."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from router.encoder.protocol import Encoder

MAX_BATCH = 64
"""Texts that other callers may add to a batch; one caller with more still gets a single batch."""


@dataclass(slots=True)
class _Call:
    """The texts of one caller, then their rows or the error."""

    texts: list[str]
    done: threading.Event = field(default_factory=threading.Event)
    rows: NDArray[np.float32] | None = None
    error: Exception | None = None


class BatchingEncoder:
    """Runs one batch at a time; a batch is whatever arrived while the one before it ran.

    No caller waits for a time window to close: a lone one is served at once, and many share. It
    differs from the encoder behind it in nothing else; see `Encoder`.
    """

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self.model_id = encoder.model_id
        self.dim = encoder.dim

        self._turn = threading.Lock()
        """Held by the thread that encodes."""
        self._guard = threading.Lock()
        """Protects the queue, never held for long."""
        self._queue: list[_Call] = []

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Returns the first block of the views."""
        return self.views(texts)[:, : self.dim]

    def views(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Returns the views of the encoder behind it.

        An error of that encoder is raised to each caller of the batch.
        """
        call = _Call(list(texts))
        with self._guard:
            self._queue.append(call)

        # While this thread waits for its turn, the one that has it may encode these texts too.
        with self._turn:
            if not call.done.is_set():
                self._run_batch_of(call)

        if call.error is not None:
            raise call.error

        assert call.rows is not None
        return call.rows

    @property
    def waiting(self) -> int:
        """Callers whose texts are in no batch yet."""
        with self._guard:
            return len(self._queue)

    def _run_batch_of(self, call: _Call) -> None:
        """Encodes the caller's own texts and as many of the waiting ones as fit."""
        batch = self._take_batch(call)
        texts = [text for member in batch for text in member.texts]

        try:
            rows = self._encoder.views(texts)
        except Exception as error:  # noqa: BLE001  # raised again to every caller of the batch
            for member in batch:
                member.error = error
        else:
            start = 0
            for member in batch:
                member.rows = rows[start : start + len(member.texts)]
                start += len(member.texts)

        for member in batch:
            member.done.set()

    def _take_batch(self, call: _Call) -> list[_Call]:
        """Removes from the queue, and returns, `call` and the oldest others that fit with it."""
        with self._guard:
            self._queue.remove(call)
            batch = [call]
            count = len(call.texts)

            while self._queue and count + len(self._queue[0].texts) <= MAX_BATCH:
                batch.append(self._queue.pop(0))
                count += len(batch[-1].texts)

        return batch
