"""Requests each week's digest and drift checks once, and posts what is ready.

Any number of processes may run it: the store decides who posts.
"""

from __future__ import annotations

from collections.abc import Callable

from slack_sdk import WebClient

from bot.weekly.digest import render_digest
from bot.weekly.drift_publisher import MAX_REQUESTED, DriftPublisher
from bot.weekly.posting import post_once
from router.config import Settings
from router.log import get_log
from router.store import Store
from router.store.weekly.digests import Digest
from workers.mining.trend import WEEK, WEEKS
from workers.ports import Queue
from workers.runtime.bounded import BoundedDict
from workers.runtime.job_key import job_key
from workers.runtime.scheduling.weekly_schedule import due_week

SECONDS = 30.0
RETRY_SECONDS = 900.0
"""A requested job that has written no digest after so long is requested again."""


class DigestPublisher:
    """`tick` is called every SECONDS; it does nothing most of the time."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        queue: Queue,
        client: Callable[[str], WebClient],
        now: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._store = store
        self._queue = queue
        self._client = client
        self._now = now
        self._drift = DriftPublisher(settings, store, queue, client, now)
        self._requested: BoundedDict[str, float] = BoundedDict(MAX_REQUESTED)
        self._log = get_log(part="scheduler")

    def tick(self) -> None:
        """Requests the week's jobs of every workspace, and posts what is ready."""
        now = self._now()
        week, _ = due_week(self._settings, now)
        # Before the digest, which reports the week's drift.
        self._drift.request_checks(week)

        if not self._settings.admin_channel:
            return

        self._drift.post_pending()
        for team in self._store.mining.active_teams(now - WEEKS * WEEK):
            self._request_digest(team, week, now)

        for digest in self._store.digests.unposted():
            if digest.channel is not None and now - digest.at >= RETRY_SECONDS:
                # A process claimed it and died. The message may then be posted twice, which is
                # better than never.
                self._store.digests.release(digest.team, digest.week)

            self.post(digest)

    def post(self, digest: Digest) -> bool:
        """Posts the digest; returns False where another process posts it, or Slack refused it."""
        digests, channel = self._store.digests, self._settings.admin_channel

        ts = post_once(
            lambda: self._client(digest.team),
            channel,
            render_digest(self._store, digest),
            claim=lambda: digests.claim(digest.team, digest.week, channel),
            release=lambda: digests.release(digest.team, digest.week),
        )
        if ts is None:
            return False

        digests.mark_posted(digest.team, digest.week, ts)
        self._log.info("digest_posted", team=digest.team, week=digest.week)
        return True

    def _request_digest(self, team: str, week: str, now: float) -> None:
        # In memory only: a job may be requested twice after a restart; its second run does nothing.
        key = job_key(team, week)
        is_due = now - self._requested.get(key, 0.0) >= RETRY_SECONDS

        if is_due and self._store.digests.get(team, week) is None:
            self._requested[key] = now
            self._queue.enqueue("digest", key)
