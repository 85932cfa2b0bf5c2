"""A bounded thread pool: many slow calls in one process, without an internal queue."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor


class BoundedThreadPool:
    """Runs at most `size` jobs at once. While it is full `submit` waits.

    So a busy worker takes no further jobs from the queue, and idle workers get them.
    """

    def __init__(self, run: Callable[[str, str], None], size: int) -> None:
        self._run = run
        self._free = threading.BoundedSemaphore(size)
        self._threads = ThreadPoolExecutor(size, thread_name_prefix="job")

    def submit(self, job: str, key: str) -> None:
        """Runs the job on a thread; waits for a free thread, not for the job."""
        # The executor's own queue has no bound: it would take every job from the other workers.
        self._free.acquire()
        self._threads.submit(self._run_and_release, job, key)

    def drain(self) -> None:
        """Waits for the jobs that were submitted, then ends the threads."""
        self._threads.shutdown(wait=True)

    def _run_and_release(self, job: str, key: str) -> None:
        try:
            self._run(job, key)
        finally:
            self._free.release()
