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

RENEWALS_PER_LEASE = 3
"""A lease survives two renewals that fail, e.g. while the database restarts."""


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
