"""Many slow calls in one process: threads with a bound."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor


class Pool:
    """At most `slots` steps at once. A full pool makes `submit` wait, so this worker takes no further jobs."""

    def __init__(self, run: Callable[[str, str], None], slots: int) -> None:
        self._run = run
        self._free = threading.BoundedSemaphore(slots)
        self._threads = ThreadPoolExecutor(slots, thread_name_prefix="step")

    def submit(self, step: str, key: str) -> None:
        """The step runs on a thread; returns at once while there is a free slot."""
        self._free.acquire()
        self._threads.submit(self._one, step, key)

    def _one(self, step: str, key: str) -> None:
        try:
            self._run(step, key)
        finally:
            self._free.release()

    def drain(self) -> None:
        """Every step that was taken has ended; no further ones are."""
        self._threads.shutdown(wait=True)
