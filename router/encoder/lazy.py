"""Opens the encoder at its first use and keeps it for the life of the process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from router.encoder.protocol import Encoder
from router.errors import SettingsError


class LazyEncoder:
    """An `Encoder` that is opened once, when it is first needed. Safe for many threads.

    A process whose requests never need an encoder never loads its weights. Without `open_encoder`
    the process has no encoder: ask `is_configured` where something else can be done then.
    """

    def __init__(self, open_encoder: Callable[[], Encoder] | None = None) -> None:
        self._open_encoder = open_encoder
        self._opened: Encoder | None = None
        self._lock = Lock()

    @property
    def is_configured(self) -> bool:
        """Whether this process has an encoder, opened or not."""
        return self._open_encoder is not None

    @property
    def model_id(self) -> str:
        """The opened encoder's id. Raises SettingsError if there is none."""
        return self._encoder().model_id

    @property
    def dim(self) -> int:
        """The length of a vector. Raises SettingsError if there is no encoder."""
        return self._encoder().dim

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Encodes as `Encoder.encode` does. Raises SettingsError if there is no encoder."""
        return self._encoder().encode(texts)

    def views(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Encodes as `Encoder.views` does. Raises SettingsError if there is no encoder."""
        return self._encoder().views(texts)

    def _encoder(self) -> Encoder:
        if self._open_encoder is None:
            raise SettingsError(
                "encoding a text: this process has no encoder; give its context one, or ask "
                "is_configured first"
            )

        # Two threads that need it at once must not load the weights twice.
        with self._lock:
            if self._opened is None:
                self._opened = self._open_encoder()

            return self._opened
