"""Stops calling a model that keeps failing, and tries it again now and then."""

from __future__ import annotations

import threading
from collections.abc import Callable

FAILURES_TO_OPEN = 5
PROBE_SECONDS = 30.0


class Breaker:
    """Closed, it lets every call through. After five failures in a row it is open: one call each 30 s probes the model.

    One object for each model, shared by all threads of a process.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._failures = 0
        self._next_probe = 0.0

    def allows(self) -> bool:
        """Whether a call may be made now; while open, the first caller of each period is the probe."""
        with self._lock:
            if self._failures < FAILURES_TO_OPEN:
                return True
            if self._now() < self._next_probe:
                return False

            self._next_probe = self._now() + PROBE_SECONDS
            return True

    def worked(self) -> None:
        """The model answered: calls are let through again."""
        with self._lock:
            self._failures = 0

    def failed(self) -> None:
        """The model did not answer."""
        with self._lock:
            self._failures += 1
            if self._failures >= FAILURES_TO_OPEN:
                self._next_probe = self._now() + PROBE_SECONDS

    @property
    def open(self) -> bool:
        """Whether the model is being left alone."""
        with self._lock:
            return self._failures >= FAILURES_TO_OPEN

    @property
    def seconds_to_probe(self) -> float:
        """How long until the next call is let through; 0 when it would be now."""
        with self._lock:
            return (
                max(0.0, self._next_probe - self._now())
                if self._failures >= FAILURES_TO_OPEN
                else 0.0
            )
