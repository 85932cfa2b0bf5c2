"""Runs a call that may hang on a thread of its own, so that the caller is back in time whatever happens."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from router.errors import ModelError

T = TypeVar("T")
GRACE_SECONDS = 0.5
"""The call's own time-out should fire first: it frees the connection, we can only walk away."""


class SilenceError(ModelError):
    """Nothing came from the model for too long."""


class _Abandoned(Exception):  # noqa: N818  # a signal between two threads, never seen by a caller
    """Raised in the thread when its caller has left."""


@dataclass(frozen=True, slots=True)
class _Ended(Generic[T]):
    value: T | None
    error: BaseException | None


def watched(
    run: Callable[[Callable[[str], None]], T],
    on_text: Callable[[str], None],
    silence: float,
    seconds: float,
) -> T:
    """What `run(feed)` returns or raises; each piece it feeds reaches `on_text` on the caller's thread, in order.

    Raises SilenceError when nothing came for `silence` seconds, or when `seconds` have passed in
    all.
    """
    call: _Call[T] = _Call(run)
    deadline = time.monotonic() + seconds

    try:
        while True:
            patience = max(0.0, min(silence, deadline - time.monotonic()))

            piece = call.next(patience)
            if isinstance(piece, _Ended):
                if piece.error is not None:
                    raise piece.error
                return piece.value  # type: ignore[return-value]  # without an error there is a value of type T

            on_text(piece)
    finally:
        call.leave()


class _Call(Generic[T]):
    """The thread that runs, and what has been heard from it."""

    def __init__(self, run: Callable[[Callable[[str], None]], T]) -> None:
        self._run = run
        self._heard: queue.SimpleQueue[str | _Ended[T]] = queue.SimpleQueue()
        self._left = threading.Event()
        threading.Thread(target=self._work, name="model-call", daemon=True).start()

    def next(self, patience: float) -> str | _Ended[T]:
        try:
            return self._heard.get(timeout=patience + GRACE_SECONDS)
        except queue.Empty:
            raise SilenceError(f"nothing came within {patience:.1f} s", retry=True) from None

    def leave(self) -> None:
        self._left.set()

    def _feed(self, text: str) -> None:
        if self._left.is_set():
            raise _Abandoned

        self._heard.put(text)

    def _work(self) -> None:
        try:
            self._heard.put(_Ended(self._run(self._feed), None))
        except _Abandoned:
            return
        except BaseException as error:  # noqa: BLE001  # handed to the caller, who raises it
            self._heard.put(_Ended(None, error))
