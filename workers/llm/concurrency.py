"""Limits how many calls reach a small server at once; the others wait here instead of inside it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from router.errors import ModelError


class BusyError(ModelError):
    """There was no capacity for the call. The model did not fail, so no breaker counts it."""


class ConcurrencyLimiter:
    """A semaphore whose waiters can be told to give up, because the server stopped answering."""

    def __init__(self, limit: int) -> None:
        self._free = limit
        self._waiting = 0
        self._stalls = 0
        self._changed = threading.Condition()

    @property
    def waiting(self) -> int:
        """How many callers wait for a slot now."""
        with self._changed:
            return self._waiting

    @contextmanager
    def acquire(self, timeout_seconds: float) -> Iterator[None]:
        """Holds a slot while the block runs.

        Raises BusyError when no slot gets free in time, or when a stall is reported meanwhile.
        """
        with self._changed:
            # Only stalls that happen while we wait count: the server may have recovered since.
            stalls_before = self._stalls
            self._waiting += 1

            try:
                in_time = self._changed.wait_for(
                    lambda: self._free > 0 or self._stalls > stalls_before, timeout_seconds
                )
            finally:
                self._waiting -= 1

            if self._stalls > stalls_before:
                raise BusyError(
                    "waiting for the model: it stopped answering others; try again soon", retry=True
                )

            if not in_time:
                raise BusyError(
                    f"waiting for the model: no free slot within {timeout_seconds:.0f} s; "
                    "try again when it is less busy",
                    retry=True,
                )

            self._free -= 1

        # Outside of the condition, or no second holder could enter.
        try:
            yield
        finally:
            with self._changed:
                self._free += 1
                self._changed.notify()

    def fail_waiters(self) -> None:
        """Makes every waiting caller raise BusyError now: the server does not answer."""
        with self._changed:
            self._stalls += 1
            self._changed.notify_all()
