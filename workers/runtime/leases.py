"""The right to work on a request, kept alive by one thread for everything in work."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy.exc import SQLAlchemyError

from router.log import get_log
from router.store.requests.requests import Lease, Requests


class Leases:
    """Takes leases for this process and renews each at a third of its length."""

    def __init__(
        self, requests: Requests, owner: str, now: Callable[[], float], seconds: float
    ) -> None:
        self._requests, self._owner, self._now, self._seconds = requests, owner, now, seconds
        self._held: dict[tuple[str, int], Lease] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="leases", daemon=True)

    def start(self) -> None:
        """Leases are renewed from now on."""
        self._thread.start()

    def stop(self) -> None:
        """No lease is renewed any more; what is still held runs out by itself."""
        self._stop.set()
        self._thread.join()

    @contextmanager
    def take(self, key: str) -> Iterator[Lease | None]:
        """A lease on the request for as long as the block runs; None when it is not to be had now."""
        lease = self._requests.take(key, self._owner, self._now(), self._seconds)
        if lease is None:
            yield None
            return

        place = (key, lease.fence)
        with self._lock:
            self._held[place] = lease

        try:
            yield lease
        finally:
            with self._lock:
                self._held.pop(place, None)

    def renew(self) -> None:
        """Every held lease is as long as a fresh one; those that were lost are dropped."""
        with self._lock:
            leases = list(self._held.values())

        if not leases:
            return

        kept = {
            (lease.request.id, lease.fence)
            for lease in self._requests.renew(leases, self._now(), self._seconds)
        }
        with self._lock:
            for lease in leases:
                if (lease.request.id, lease.fence) not in kept:
                    self._held.pop((lease.request.id, lease.fence), None)

    def _loop(self) -> None:
        log = get_log(part="leases")
        while not self._stop.wait(self._seconds / 3):
            try:
                self.renew()
            except SQLAlchemyError as error:
                # The next round tries again; if the store stays away, the leases run out and others
                # take over.
                log.warning("leases_not_renewed", error=type(error).__name__)
