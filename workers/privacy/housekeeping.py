"""Periodic housekeeping: missing vectors, text retention, and the bytes of deleted texts.

Retention is the setting `retention_days` (`BEAGLE_RETENTION_DAYS`); `erasure.expire_texts` does it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from router.errors import QueueError, StoreError
from router.log import get_log
from router.store import Store
from workers.ports import Queue
from workers.privacy.erasure import expire_texts, overwrite_deleted

INTERVAL_SECONDS = 60.0
"""Between two runs. Deleted words are promised to be gone from the files within five minutes."""
REWRITE_SECONDS = 200.0
"""Between two overwrites where each one rewrites whole tables (PostgreSQL)."""


@dataclass(slots=True)
class Housekeeping:
    """Embeds what has no vector, expires old texts and overwrites the bytes of deleted documents.

    One process calls `run_once` every `INTERVAL_SECONDS`. `encoder` is the model id whose vectors
    are completed. Texts stay for `retention_days`; 0 keeps them for good. What fails is tried again
    in the next run.
    """

    store: Store
    queue: Queue
    encoder: str
    retention_days: float
    now: Callable[[], float]
    _overwritten_seq: int = field(default=0, init=False)
    _overwritten_at: float = field(default=0.0, init=False)

    def run_once(self) -> None:
        """Does what is due; a failure is logged."""
        log = get_log(part="housekeeping")
        try:
            self._enqueue_embedding()
        except QueueError as error:
            # Documents are found by their words until then.
            log.warning("embedding_deferred", error=str(error))

        try:
            expired = self._expire_texts()
            overwritten = self._overwrite_deleted()
        except StoreError as error:
            log.warning("bytes_not_erased", error=str(error))
            return

        if expired or overwritten:
            log.info("erased", requests=expired, knowledge=overwritten)

    def _enqueue_embedding(self) -> None:
        if self.store.documents.chunks_without_vector(self.encoder, limit=1):
            self.queue.enqueue("embed", "pieces without a vector")

    def _expire_texts(self) -> int:
        if not self.retention_days:
            return 0

        return expire_texts(self.store, self.now(), self.retention_days)

    def _overwrite_deleted(self) -> bool:
        """Overwrites the bytes of documents deleted since the last time; returns whether some were.

        Other deletions overwrite their own bytes at once (`workers.privacy.erasure`).
        """
        if not self._may_overwrite():
            return False

        newest = self.store.documents.newest_deletion(self._overwritten_seq)
        if not newest:
            return False

        overwrite_deleted(self.store)
        # Only after it succeeded: a failed attempt has to be repeated.
        self._overwritten_seq = newest
        self._overwritten_at = self.now()
        return True

    def _may_overwrite(self) -> bool:
        return (
            self.store.personal_data.overwriting_is_cheap
            or self.now() - self._overwritten_at >= REWRITE_SECONDS
        )
