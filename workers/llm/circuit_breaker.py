"""A circuit breaker: stops calling a model that keeps failing, and probes it now and then."""

from __future__ import annotations

import threading
from collections.abc import Callable

FAILURES_TO_OPEN = 5
PROBE_SECONDS = 30.0


class CircuitBreaker:
    """Opens after five failures in a row. While open it lets one probe call through every 30 s.

    One object per model, shared by all threads of a process.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._failures = 0
        self._next_probe = 0.0

    def allow_request(self) -> bool:
        """Returns whether a call may be made now. While open, one caller a period is the probe."""
        with self._lock:
            if self._failures < FAILURES_TO_OPEN:
                return True

            now = self._now()
            if now < self._next_probe:
                return False

            # Booked before the probe has an answer, so that no second thread probes as well.
            self._next_probe = now + PROBE_SECONDS
            return True

    def record_success(self) -> None:
        """Closes the breaker."""
        with self._lock:
            self._failures = 0

    def record_failure(self) -> None:
        """Counts a failure. The fifth in a row opens the breaker, later ones extend the pause."""
        with self._lock:
            self._failures += 1
            if self._failures >= FAILURES_TO_OPEN:
                self._next_probe = self._now() + PROBE_SECONDS

    @property
    def seconds_to_probe(self) -> float:
        """Seconds until the next call is allowed; 0 while the breaker is closed."""
        with self._lock:
            if self._failures < FAILURES_TO_OPEN:
                return 0.0

            return max(0.0, self._next_probe - self._now())
