"""The scheduler of digests: asks for each week's once, and posts what is ready. Any number of processes may run it."""

from __future__ import annotations

from collections.abc import Callable

from slack_sdk import WebClient

from bot.weekly.digest import plainest, rendered
from bot.weekly.drift_publisher import DriftKeeper
from router.config import Settings
from router.log import get_log
from router.store import Store
from router.store.weekly.digests import Digest
from workers.jobs.digest import key_of
from workers.mining.schedule import due_week
from workers.mining.trend import WEEK, WEEKS
from workers.ports import Queue

SECONDS = 30.0
ASK_AGAIN = 900.0
"""A step that was asked for and has not written its digest is asked for again after so long."""


class Weekly:
    """`tick` is called every SECONDS; it does nothing most of the time."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        queue: Queue,
        client: Callable[[str], WebClient],
        now: Callable[[], float],
    ) -> None:
        self._settings, self._store, self._queue, self._client, self._now = (
            settings,
            store,
            queue,
            client,
            now,
        )

        self._drift = DriftKeeper(settings, store, queue, client, now)
        self._asked: dict[str, float] = {}
        self._log = get_log(part="weekly")

    def tick(self) -> None:
        """Every workspace's week is looked at for drift, then mined where an admin channel is named.

        What is ready stands in that channel.
        """
        now = self._now()
        week, _ = due_week(self._settings, now)
        self._drift.ask(week)  # before the digest of the week, which tells of it

        if not self._settings.admin_channel:
            return

        self._drift.post()
        for team in self._store.minable.teams(now - WEEKS * WEEK):
            self._ask(team, week, now)

        for digest in self._store.digests.unposted():
            if digest.channel is not None and now - digest.at >= ASK_AGAIN:
                # Who was to post it ended in between. It may then stand there twice, which is
                # better than never.
                self._store.digests.release(digest.team, digest.week)

            self.post(digest)

    def post(self, digest: Digest) -> bool:
        """It stands in the admin channel; False where somebody else posts it or Slack did not take it."""
        channel = self._settings.admin_channel
        if not self._store.digests.claim(digest.team, digest.week, channel):
            return False

        said = plainest(
            lambda shown: self._client(digest.team).chat_postMessage(
                channel=channel,
                text=shown.text,
                blocks=shown.blocks,
                unfurl_links=False,
                unfurl_media=False,
            ),
            rendered(self._store, digest),
        )
        if said is None:
            self._store.digests.release(digest.team, digest.week)
            return False

        self._store.digests.posted(digest.team, digest.week, str(said["ts"]))
        self._log.info("digest_posted", team=digest.team, week=digest.week)
        return True

    def _ask(self, team: str, week: str, now: float) -> None:
        key = key_of(team, week)
        if (
            self._store.digests.get(team, week) is None
            and now - self._asked.get(key, 0.0) >= ASK_AGAIN
        ):
            self._asked[key] = now
            self._queue.wake("digest", key)
