"""Done every minute: pieces get vectors, the bytes of deleted words are overwritten, old texts are let go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from router.errors import QueueError, StoreError
from router.log import get_log
from router.store import Store
from router.store.knowledge.index import Knowledge
from workers.ports import Queue
from workers.privacy.erasure import let_go, scrub

REWRITE_SECONDS = 200.0
SECONDS = 60.0
"""How often; deleted words are gone from the files within five minutes with room to spare."""


@dataclass(slots=True)
class Housekeeping:
    """Run `once` every `SECONDS` in one process. What could not be done now is tried again the next time."""

    store: Store
    queue: Queue
    encoder: str
    keep_days: float
    now: Callable[[], float]
    _scrubbed: int = field(default=0, init=False)
    _scrubbed_at: float = field(default=0.0, init=False)

    def once(self) -> None:
        """Nothing is overdue, or a line in the log says why."""
        log, index = get_log(part="housekeeping"), Knowledge(self.store.engine)
        try:
            if index.without_vector(self.encoder, 1):
                self.queue.wake("embed", "pieces without a vector")
        except QueueError as error:
            log.warning("not_embedded", error=str(error))

        try:
            gone = let_go(self.store, self.now(), self.keep_days) if self.keep_days else 0

            newest = index.gone_since(self._scrubbed) if self._may_scrub() else 0
            if newest:
                scrub(self.store)
                self._scrubbed, self._scrubbed_at = newest, self.now()
        except StoreError as error:
            log.warning("bytes_not_erased", error=str(error))
            return

        if gone or newest:
            log.info("erased", requests=gone, knowledge=bool(newest))

    def _may_scrub(self) -> bool:
        """Whether bytes may be overwritten now: on PostgreSQL whole tables are written again, so not every minute."""
        return (
            self.store.engine.dialect.name == "sqlite"
            or self.now() - self._scrubbed_at >= REWRITE_SECONDS
        )
