"""Runs a call that may hang on a thread of its own, so that the caller returns in time."""

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


class StallTimeoutError(ModelError):
    """Nothing came from the model for too long. The call may still run and cost money."""


class _Abandoned(Exception):  # noqa: N818  # a signal between two threads, never seen by a caller
    """Raised in the thread when its caller has left."""


@dataclass(frozen=True, slots=True)
class _Ended(Generic[T]):
    """How the call ended: with a value, or with an error."""

    value: T | None
    error: BaseException | None


def run_with_timeout(
    run: Callable[[Callable[[str], None]], T],
    on_text: Callable[[str], None],
    stall_seconds: float,
    timeout_seconds: float,
) -> T:
    """Returns or raises what `run(emit)` does, which runs on a thread of its own.

    Text that `run` passes to `emit` reaches `on_text` on the caller's thread, in order. Raises
    StallTimeoutError when nothing came for `stall_seconds`, or after `timeout_seconds` in all.
    """
    call: _Call[T] = _Call(run)
    deadline = time.monotonic() + timeout_seconds

    try:
        while True:
            # Whichever comes first: silence for too long, or the end of the whole call.
            patience = max(0.0, min(stall_seconds, deadline - time.monotonic()))

            message = call.receive(patience)
            if isinstance(message, _Ended):
                if message.error is not None:
                    raise message.error
                return message.value  # type: ignore[return-value]  # without an error there is a T

            # On the caller's thread: what it raises (a lost lease) must stop this call.
            on_text(message)
    finally:
        call.abandon()


class _Call(Generic[T]):
    """The thread that runs the call, and the queue of what it has sent.

    A thread cannot be killed. After `abandon` it ends at its next piece of text, or when its own
    network time-out fires; until then it only holds a daemon thread.
    """

    def __init__(self, run: Callable[[Callable[[str], None]], T]) -> None:
        self._run = run
        self._messages: queue.SimpleQueue[str | _Ended[T]] = queue.SimpleQueue()
        self._abandoned = threading.Event()
        # A daemon: a call that hangs must not keep the process from ending.
        threading.Thread(target=self._work, name="model-call", daemon=True).start()

    def receive(self, timeout_seconds: float) -> str | _Ended[T]:
        """Returns the next piece of text or the end. Raises StallTimeoutError when none comes."""
        try:
            return self._messages.get(timeout=timeout_seconds + GRACE_SECONDS)
        except queue.Empty:
            message = f"nothing came within {timeout_seconds:.1f} s"
            raise StallTimeoutError(message, retry=True) from None

    def abandon(self) -> None:
        """Makes the thread end at its next piece of text."""
        self._abandoned.set()

    def _emit(self, text: str) -> None:
        if self._abandoned.is_set():
            raise _Abandoned

        self._messages.put(text)

    def _work(self) -> None:
        try:
            self._messages.put(_Ended(self._run(self._emit), None))
        except _Abandoned:
            return
        except BaseException as error:  # noqa: BLE001  # handed to the caller, who raises it
            self._messages.put(_Ended(None, error))
