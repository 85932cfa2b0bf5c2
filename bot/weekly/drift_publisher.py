"""Requests each week's drift checks, and posts what admins need to know.

Any number of processes may run it: the store decides who posts.
"""

from __future__ import annotations

from collections.abc import Callable

from slack_sdk import WebClient

from bot.weekly.drift_card import render_drift_check
from bot.weekly.posting import post_once
from router.config import Settings
from router.log import get_log
from router.store import Store
from router.store.weekly.drift_checks import DriftCheck
from router.types import INSTALLATION
from workers.jobs.drift import teams_to_check
from workers.ports import Queue
from workers.runtime.bounded import BoundedDict
from workers.runtime.job_key import job_key

RETRY_SECONDS = 900.0
"""A requested check that is not done after so long is requested again."""
MAX_REQUESTED = 10_000
"""Requested checks that one process remembers; a forgotten one may be requested again."""
CLAIM_SECONDS = 60.0
"""A process that claimed a message and has not posted it for so long has died. It may then be
posted twice, which is better than never."""


class DriftPublisher:
    """The digest publisher calls it. `client` returns a workspace's client."""

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
        self._requested: BoundedDict[str, float] = BoundedDict(MAX_REQUESTED)
        self._log = get_log(part="drift")

    def request_checks(self, week: str) -> None:
        """Requests the week's check for every workspace that had requests or a drifting version."""
        store, now = self._store, self._now()
        # Where no version is live there is nothing to check, and no query for each team.
        if not store.versions.live_versions(INSTALLATION):
            return

        for team in teams_to_check(store, now):
            key = job_key(team, week)
            is_due = now - self._requested.get(key, 0.0) >= RETRY_SECONDS

            if is_due and store.drift_checks.get(key) is None:
                self._queue.enqueue("drift", key)
                self._requested[key] = now

    def post_pending(self) -> None:
        """Posts every alarm and warning that has not been announced in the admin channel."""
        if self._settings.admin_channel:
            for check in self._store.drift_checks.unannounced():
                self._post(check, self._settings.admin_channel)

    def _post(self, check: DriftCheck, channel: str) -> None:
        checks, now = self._store.drift_checks, self._now()
        message = render_drift_check(self._store, check)
        if message is None:
            return

        ts = post_once(
            lambda: self._client(check.team),
            channel,
            message,
            claim=lambda: checks.claim(check.id, channel, now, now - CLAIM_SECONDS),
            release=lambda: checks.release(check.id),
        )
        if ts is not None:
            checks.mark_posted(check.id, ts)
            self._log.info(
                "drift_announced", team=check.team, candidate=check.candidate, week=check.week
            )
