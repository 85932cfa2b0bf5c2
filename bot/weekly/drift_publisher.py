"""Asks for each week's drift watch, and tells the admin channel what is new. Any number of processes may run it."""

from __future__ import annotations

from collections.abc import Callable

from slack_sdk import WebClient

from bot.weekly.digest import plainest
from bot.weekly.drift_card import rendered
from router.config import Settings
from router.log import get_log
from router.store import Store
from router.store.weekly.drift_checks import Drift
from workers.jobs.drift import key_of, teams
from workers.ports import Queue

ASK_AGAIN = 900.0
"""A step that was asked for and is not done is asked for again after so long."""
CLAIMED_SECONDS = 60.0
"""Who claimed a message and has not posted it after so long has ended. It may then stand twice:
better than never."""


class DriftKeeper:
    """The scheduler of digests calls it; `client` gives a workspace's client."""

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

        self._asked: dict[str, float] = {}
        self._log = get_log(part="drift")

    def ask(self, week: str) -> None:
        """Every workspace's live versions are looked at this week: where anything was asked, or a version may drift."""
        store, now = self._store, self._now()
        if not store.versions.lives():
            return

        for team in teams(store, now):
            key = key_of(team, week)
            if now - self._asked.get(key, 0.0) >= ASK_AGAIN and store.drifts.get(key) is None:
                self._queue.wake("drift", key)
                self._asked[key] = now

    def post(self) -> None:
        """Everything that admins are to be told stands in their channel."""
        if self._settings.admin_channel:
            for seen in self._store.drifts.untold():
                self._post(seen, self._settings.admin_channel)

    def _post(self, seen: Drift, channel: str) -> None:
        drifts, now = self._store.drifts, self._now()
        shown = rendered(self._store, seen)
        if shown is None or not drifts.claim(seen.id, channel, now, now - CLAIMED_SECONDS):
            return

        said = plainest(
            lambda what: self._client(seen.team).chat_postMessage(
                channel=channel,
                text=what.text,
                blocks=what.blocks,
                unfurl_links=False,
                unfurl_media=False,
            ),
            shown,
        )
        if said is None:
            drifts.release(seen.id)
            return

        drifts.posted(seen.id, str(said["ts"]))
        self._log.info("drift_told", team=seen.team, candidate=seen.candidate, week=seen.week)
