"""Wakes what should have moved: rows whose worker died, whose queue entry was lost, or whose retry is due."""

from __future__ import annotations

import threading
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError

from router.errors import QueueError
from router.log import get_log
from router.store.requests.proposals import Proposals
from router.store.requests.requests import Requests
from workers.ports import Queue

PROPOSAL_SECONDS = 5.0
"""A click wakes a worker itself; only what has waited longer is woken again."""
QUEUE_LIMIT = 500
"""Rows in the queue above which nothing is woken again: they are in it, only waiting."""


def reap(requests: Requests, queue: Queue, now: float, again_seconds: float) -> int:
    """How many decided rows were woken. Waking a row twice does no harm: the lease lets one worker in."""
    room = QUEUE_LIMIT - sum(queue.depth().values())
    if room <= 0:
        return 0

    due = requests.due("decided", now, now + again_seconds, limit=room)
    for key in due:
        queue.wake("answer", key)

    return len(due)


def reap_proposals(proposals: Proposals, queue: Queue, now: float) -> int:
    """How many confirmed proposals were woken whose worker died or whose queue entry was lost."""
    due = proposals.due(now - PROPOSAL_SECONDS)
    for key in due:
        queue.wake("execute_proposal", key)

    return len(due)


class Every:
    """Runs `task` every `seconds` on a thread of its own; whatever went wrong, it is tried again next time."""

    def __init__(self, name: str, seconds: float, task: Callable[[], object]) -> None:
        self._seconds, self._task = seconds, task
        self._log = get_log(part=name)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, name=name, daemon=True)

    def start(self) -> None:
        """The first run is at once."""
        self._thread.start()

    def stop(self) -> None:
        """The task does not run any more."""
        self._stop.set()
        self._thread.join()

    def _loop(self) -> None:
        while True:
            try:
                self._task()
            except (QueueError, SQLAlchemyError) as error:
                self._log.warning("task_failed", error=type(error).__name__)
            except Exception:  # noqa: BLE001  # a boundary: a thread that ends would be missed by nobody for weeks
                self._log.exception("task_broke")

            if self._stop.wait(self._seconds):
                return
