"""Puts the route folders' versions into the store, and has new ones evaluated and measured."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from router.catalog.catalog import Catalog
from router.errors import QueueError
from router.log import get_log
from router.publish import publish_catalog, unmeasured_tiers
from router.store import Store
from workers.ports import Queue

MEASURE_SECONDS = 180.0
"""Between two rounds for tiers that nobody has measured: longer than most measurements take, for a
second one beside the first would be paid for."""


class Publication:
    """Publishes a catalogue at the start, and again when its folders have changed."""

    def __init__(self, store: Store, queue: Queue, now: Callable[[], float]) -> None:
        self._store = store
        self._queue = queue
        self._now = now
        self._waits_for: frozenset[str] = frozenset()

    def publish(self, catalog: Catalog) -> None:
        """Stores the folders' versions; one that must be evaluated or measured first gets a job."""
        log = get_log(part="routes")
        for problem in catalog.problems:
            log.warning("route_left_out", problem=problem)

        published = publish_catalog(catalog, self._store, self._now())
        for name in published.live:
            log.info("route_live", route=name)

        self._enqueue("judge_version", published.pending_evaluation)
        self._enqueue("measure_tier", published.unmeasured)
        self._waits_for = frozenset(published.unmeasured)

    def measure_again(self, catalog: Catalog) -> None:
        """Asks once more for the measurements that were lost: a store or a model was away."""
        missing = frozenset(unmeasured_tiers(catalog, self._store))
        # What came since the last round is being measured.
        self._enqueue("measure_tier", sorted(missing & self._waits_for))
        self._waits_for = missing

    def _enqueue(self, job: str, versions: Iterable[str]) -> None:
        for version in versions:
            try:
                self._queue.enqueue(job, version)
            except QueueError as error:
                # Until then the live version answers; the next round or start asks again.
                log = get_log(part="routes")
                log.warning("version_check_deferred", version=version, error=str(error))
