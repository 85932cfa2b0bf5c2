"""One leader for each kind of periodic work, among any number of processes.

A leader that ends, freezes or loses the database is replaced once its lease has expired. One that
wakes up after that does nothing any more: it looks at its own clock before each task, and at the
store before each step that people see.
"""

from __future__ import annotations

import os
import socket
import threading
import uuid
from collections.abc import Callable
from contextvars import ContextVar

from sqlalchemy.exc import SQLAlchemyError

from router.errors import LeadershipLostError, StoreAwayError
from router.log import get_log
from router.store import Store

PERIODIC = "periodic"
"""The work of one bot: digests, publishers, housekeeping, counters, undecided requests."""
REAPER = "reaper"
"""Waking what is overdue. Bots and workers compete for it, so it goes on without a bot."""
RENEWALS_PER_LEASE = 3
"""A lease survives two renewals that fail. Another process takes over within a lease and a third of
one."""

_acting: ContextVar[LeaderLease | None] = ContextVar("acting_leader", default=None)


def confirm_leadership() -> None:
    """Raises LeadershipLostError where this thread does a leader's work that another one has now.

    Called right before what people see. Elsewhere, e.g. for a click, it does nothing.
    """
    lease = _acting.get()
    if lease is not None:
        lease.confirm()


def process_name() -> str:
    """Returns a name that no other process has, with the machine and the process id in it."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


class LeaderLease:
    """Competes for one kind of work, and runs tasks while this process has it.

    `now` must be the clock on which all processes agree, and go on while this process is frozen.
    """

    def __init__(
        self, store: Store, work: str, owner: str, now: Callable[[], float], seconds: float
    ) -> None:
        self._store = store
        self._work = work
        self._owner = owner
        self._now = now
        self._seconds = seconds
        # Fencing token and end of the lease; replaced as a whole, so no reader needs a lock.
        self._held = (0, 0.0)
        self._log = get_log(part="leader")
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, name=f"leader-{work}", daemon=True)

    @property
    def is_held(self) -> bool:
        """Whether this process leads at this moment, by its own clock."""
        _, until = self._held
        return self._now() < until

    def start(self) -> None:
        """Asks for the lease once, then starts the thread that renews it or waits for it."""
        self.renew()
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread and gives the lease up, so that another process need not wait."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        if not self.is_held:
            return

        self._held = (0, 0.0)
        try:
            self._store.leaders.release(self._work, self._owner)
        except (StoreAwayError, SQLAlchemyError) as error:
            self._log.warning("leadership_not_released", error=type(error).__name__)

    def renew(self) -> None:
        """Takes or renews the lease; a database that does not answer is asked again later."""
        # The time before the statement: the store may count from a later moment, never from an
        # earlier one.
        now = self._now()
        try:
            fence = self._store.leaders.hold(self._work, self._owner, now, self._seconds)
        except Exception as error:  # noqa: BLE001  # a boundary: nobody would lead without it
            self._log.warning("leadership_not_renewed", work=self._work, error=type(error).__name__)
            if self._store.is_embedded and self.is_held:
                # Nobody else on this machine can write to the file either. On a full disk it is
                # the leader who makes room, so it must not step back.
                self._held = (self._held[0], now + self._seconds)
            return

        # By the token, not by the clock: one that was frozen past its lease shall say so as well.
        before, _ = self._held
        self._held = (fence, now + self._seconds) if fence is not None else (0, 0.0)
        if fence is None and before:
            self._log.warning("leadership_lost", work=self._work, fence=before)
        elif fence is not None and fence != before:
            self._log.info("leadership_taken", work=self._work, fence=fence)

    def confirm(self) -> None:
        """Raises LeadershipLostError unless this process leads, by its clock and by the store."""
        fence, _ = self._held
        # The store is asked because a virtual machine that was paused has a clock that was, too.
        if not self.is_held or not self._store.leaders.is_current(self._work, self._owner, fence):
            raise LeadershipLostError(
                f"doing {self._work} work: this process was away for longer than its lease, and "
                "another one leads now; nothing needs to be done"
            )

    def led(self, task: Callable[[], object]) -> Callable[[], None]:
        """Returns `task` as one that runs only while this process leads."""

        def run() -> None:
            if not self.is_held:
                return

            token = _acting.set(self)
            try:
                task()
            except LeadershipLostError as error:
                self._log.warning("leader_stepped_back", work=self._work, error=str(error))
            finally:
                _acting.reset(token)

        return run

    def _loop(self) -> None:
        while not self._stop.wait(self._seconds / RENEWALS_PER_LEASE):
            self.renew()
