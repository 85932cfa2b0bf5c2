"""Leases on requests: the right to work on one, renewed by one thread per process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from sqlalchemy.exc import SQLAlchemyError

from router.errors import StoreAwayError
from router.log import get_log
from router.store.requests.leasing import Lease
from router.store.requests.requests import Requests

MAX_SHARED_TRIES = 2
"""Attempts of a request beside others; from the next one on it is served alone in its process."""
PATIENCE_SECONDS = 10.0
"""How long one waits for the other: below the 15 s in which everybody sees something."""
RENEWALS_PER_LEASE = 3
"""A lease survives two renewals that fail, e.g. while the database restarts."""


class Isolation:
    """Serves a request that may end its process without others beside it.

    A request whose worker ended several times may be what ended it, or only have been beside it.
    Served alone, each shows which it is, and the innocent one is answered.
    """

    def __init__(self, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._patience_seconds = patience_seconds
        self._changed = threading.Condition()
        self._in_work = 0
        self._is_closed = False
        self._alone = threading.Lock()

    @contextmanager
    def serving(self, *, alone: bool) -> Iterator[None]:
        """Begins the block when it may begin: without others, or not beside one that is alone.

        Nobody waits longer than the patience for that; then the block begins all the same.
        """
        with self._serving_alone() if alone else self._serving_beside_others():
            yield

    @contextmanager
    def _serving_beside_others(self) -> Iterator[None]:
        with self._changed:
            self._changed.wait_for(lambda: not self._is_closed, self._patience_seconds)
            self._in_work += 1

        try:
            yield
        finally:
            with self._changed:
                self._in_work -= 1
                self._changed.notify_all()

    @contextmanager
    def _serving_alone(self) -> Iterator[None]:
        with self._alone:
            with self._changed:
                self._is_closed = True
                self._changed.wait_for(lambda: self._in_work == 0, self._patience_seconds)

            try:
                yield
            finally:
                with self._changed:
                    self._is_closed = False
                    self._changed.notify_all()


class Leases:
    """Acquires leases for this process and renews each at a third of its length.

    A lease carries a fencing token that grows with every lease on the same request. A worker that
    lost its lease holds an old token, and the store refuses what it writes. `max_busy` is how many
    requests of one person may be served at once, in all processes; None for no bound.
    """

    def __init__(
        self,
        requests: Requests,
        owner: str,
        now: Callable[[], float],
        seconds: float,
        max_busy: int | None = None,
    ) -> None:
        self._max_busy = max_busy
        self._requests = requests
        self._owner = owner
        self._now = now
        self._seconds = seconds
        self._held: dict[tuple[str, int], Lease] = {}
        self._lock = threading.Lock()
        # With one writer two threads of this process would only wait for the database.
        self._claiming: AbstractContextManager[object] = nullcontext()
        if requests.has_one_writer:
            self._claiming = threading.Lock()

        self._isolation = Isolation()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="leases", daemon=True)

    def start(self) -> None:
        """Starts to renew leases."""
        self._thread.start()

    def stop(self) -> None:
        """Stops renewing; leases that are still held expire by themselves."""
        self._stop.set()
        self._thread.join()

    @contextmanager
    def claim(self) -> Iterator[Lease | None]:
        """Holds a lease on the request whose turn it is while the block runs; None without one."""
        with self._claiming:
            lease = self._requests.claim(self._owner, self._now(), self._seconds, self._max_busy)

        if lease is None:
            yield None
            return

        # The token is part of the key: this process may lose a lease and get the next one while a
        # slow thread still works under the first.
        lease_id = (lease.request.id, lease.fence)
        with self._lock:
            self._held[lease_id] = lease

        try:
            with self._isolation.serving(alone=lease.tries > MAX_SHARED_TRIES):
                yield lease
        finally:
            with self._lock:
                self._held.pop(lease_id, None)

    def renew(self) -> None:
        """Renews every held lease and forgets those that another worker has taken over."""
        with self._lock:
            leases = list(self._held.values())

        if not leases:
            return

        renewed = set()
        for lease in self._requests.renew(leases, self._now(), self._seconds):
            renewed.add((lease.request.id, lease.fence))

        with self._lock:
            for lease in leases:
                lease_id = (lease.request.id, lease.fence)
                if lease_id not in renewed:
                    self._held.pop(lease_id, None)

    def _loop(self) -> None:
        log = get_log(part="leases")
        while not self._stop.wait(self._seconds / RENEWALS_PER_LEASE):
            try:
                self.renew()
            except (StoreAwayError, SQLAlchemyError) as error:
                # The next round tries again. If the store stays away, the leases expire and other
                # workers take over.
                log.warning("leases_not_renewed", error=type(error).__name__)
