"""Periodic housekeeping: missing vectors, text retention, and the bytes of deleted texts.

Retention is the setting `retention_days` (`BEAGLE_RETENTION_DAYS`), for rows of datasets
`dataset_retention_days`. In the hour `overwrite_hour` of each night PostgreSQL's tables are
rewritten, or the file of SQLite if something was deleted. SQLite's rows are overwritten at once,
too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from router.config import Settings
from router.errors import QueueError, StoreError
from router.log import get_log
from router.store import Store
from workers.ports import Queue
from workers.privacy.erasure import overwrite_deleted
from workers.privacy.text_retention import expire_quotations, expire_texts

INTERVAL_SECONDS = 60.0
"""Between two runs. Deleted words are promised to be gone from SQLite's files within minutes."""
QUOTATION_SECONDS = 3_600.0
"""Between two looks for quotations that are too old: each reads all candidates and digests."""


@dataclass(slots=True)
class Housekeeping:
    """Embeds what has no vector, expires old texts and overwrites the bytes of what was deleted.

    One process calls `run_once` every `INTERVAL_SECONDS`. `encoder` is the model id whose vectors
    are completed. What fails is tried again in the next run.
    """

    store: Store
    queue: Queue
    encoder: str
    settings: Settings
    now: Callable[[], float]
    _overwritten_seq: int = field(default=0, init=False)
    # What an earlier process deleted is not known, so the first night overwrites in any case.
    _has_deleted: bool = field(default=True, init=False)
    _has_gaps: bool = field(default=True, init=False)
    _last_night: str = field(default="", init=False)
    _quotations_at: float = field(default=float("-inf"), init=False)

    def run_once(self) -> None:
        """Does what is due; a failure is logged."""
        log = get_log(part="housekeeping")
        try:
            self._enqueue_embedding()
        except QueueError as error:
            # Documents are found by their words until then.
            log.warning("embedding_deferred", error=str(error))

        try:
            self.store.personal_data.remove_copies()
            with self.store.disk_reserve.lent():
                expired = self._expire()
                overwritten = self._overwrite_deleted()
        except StoreError as error:
            log.warning("bytes_not_erased", error=str(error))
            return

        if expired or overwritten:
            log.info("erased", requests=expired, knowledge=overwritten)

    def _enqueue_embedding(self) -> None:
        if self.store.documents.chunks_without_vector(self.encoder, limit=1):
            self.queue.enqueue("embed", "pieces without a vector")

    def _expire(self) -> int:
        """Blanks what is too old; returns how many rows it were."""
        now = self.now()
        expired = 0
        if self.settings.retention_days:
            expired += expire_texts(self.store, now, self.settings.retention_days)

        if now - self._quotations_at >= QUOTATION_SECONDS:
            expired += expire_quotations(self.store, now, self.settings)
            self._quotations_at = now

        self._has_deleted = self._has_deleted or expired > 0
        return expired

    def _overwrite_deleted(self) -> bool:
        """Overwrites the bytes of what was deleted since the last time, if it is time to."""
        newest = self.store.documents.newest_deletion(self._overwritten_seq)
        self._has_deleted = self._has_deleted or newest > 0
        is_night = self._is_night()
        # A file may be overwritten every minute; for a server whole tables are rewritten.
        is_cheap = self.store.is_embedded
        if is_night and self._has_gaps:
            self.store.personal_data.rewrite_file()
            self._has_gaps = False

        # Another process may have deleted, or tried in vain to overwrite, which is not known here.
        # So a server's tables are rewritten in each night; that is why it is not done more often.
        if not (self._has_deleted if is_cheap else is_night):
            return False

        overwrite_deleted(self.store)
        self._has_gaps = True
        # Only after it succeeded: a failed attempt has to be repeated.
        self._overwritten_seq = max(newest, self._overwritten_seq)
        self._has_deleted = False
        return True

    def _is_night(self) -> bool:
        """Returns whether it is the set hour, for the first time in this night."""
        zone = ZoneInfo(self.settings.digest_timezone)
        here = datetime.fromtimestamp(self.now(), zone)
        night = here.date().isoformat()
        if here.hour != self.settings.overwrite_hour or night == self._last_night:
            return False

        self._last_night = night
        return True
