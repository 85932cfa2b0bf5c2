"""Calls that may be left out, on one thread with a short queue."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from router.log import get_log


class BackgroundCalls:
    """Runs calls one after the other on a thread of its own. Safe for many threads.

    At most `max_waiting` wait: a thread for each call would be a queue without a bound. The thread
    ends when nothing waits, and holds up no exit of the process.
    """

    def __init__(self, name: str, max_waiting: int) -> None:
        self._name = name
        self._max_waiting = max_waiting
        self._waiting: deque[Callable[[], None]] = deque()
        self._lock = threading.Lock()
        self._is_running = False
        self._log = get_log(part=name)

    @property
    def is_idle(self) -> bool:
        """Whether everything that was submitted has ended."""
        with self._lock:
            return not self._is_running

    def submit(self, call: Callable[[], None]) -> bool:
        """Takes a call to be run soon; returns False where too many wait already."""
        with self._lock:
            if len(self._waiting) >= self._max_waiting:
                return False

            self._waiting.append(call)
            if self._is_running:
                return True

            self._is_running = True

        threading.Thread(target=self._run, name=self._name, daemon=True).start()
        return True

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._is_running = False
                    return

                call = self._waiting.popleft()

            try:
                call()
            except Exception:  # noqa: BLE001  # a boundary: one call must not end the others
                self._log.exception("background_call_crashed")
