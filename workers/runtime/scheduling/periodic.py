"""Runs a function at a fixed interval on a thread of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from sqlalchemy.exc import SQLAlchemyError

from router.errors import QueueError, StoreAwayError
from router.log import get_log

STOP_SECONDS = 20.0
"""All tasks together have so long: a process that is told to end is killed after a minute or so."""


class PeriodicTask:
    """Calls `task` every `interval_seconds` on a daemon thread; failures are logged.

    The interval is counted from the end of a run, so runs never overlap. `name` is the thread's
    name and `part` in the log.
    """

    def __init__(self, name: str, interval_seconds: float, task: Callable[[], object]) -> None:
        self._interval_seconds = interval_seconds
        self._task = task
        self._log = get_log(part=name)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, name=name, daemon=True)

    def start(self) -> None:
        """Starts the thread; the first run begins at once."""
        self._thread.start()

    def ask_to_stop(self) -> None:
        """Makes the run in progress the last one."""
        self._stop.set()

    def stop(self, seconds: float = STOP_SECONDS) -> None:
        """Waits for the run in progress, at most so long, then ends the thread.

        A longer run ends with the process, as by a kill, which every task has to survive.
        """
        self.ask_to_stop()
        self._thread.join(seconds)
        if self._thread.is_alive():
            self._log.warning("run_not_awaited", task=self._thread.name)

    def _loop(self) -> None:
        while True:
            try:
                self._task()
            except (QueueError, StoreAwayError, SQLAlchemyError) as error:
                # A database or queue that restarts is no fault of ours: one line, no stack trace.
                self._log.warning("task_failed", error=type(error).__name__)
            except Exception:  # noqa: BLE001  # a boundary: a dead thread would go unnoticed
                self._log.exception("periodic_task_crashed")

            if self._stop.wait(self._interval_seconds):
                return


def stop_all(tasks: Sequence[PeriodicTask], seconds: float = STOP_SECONDS) -> None:
    """Stops the tasks at the same time, and waits for all of them together at most so long."""
    deadline = time.monotonic() + seconds
    for task in tasks:
        task.ask_to_stop()
    for task in tasks:
        task.stop(max(0.0, deadline - time.monotonic()))
