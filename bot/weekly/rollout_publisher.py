"""Keeps one message for each approved candidate true: posted under its digest, updated when what it says has changed.

Several changes within a few seconds are one update. The store says who posts, so any number of
processes may run it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from slack_sdk import WebClient

from bot.ui.blocks import Shown
from bot.weekly.digest import plainest
from bot.weekly.rollout_card import mark, render, standing
from router.config import Settings
from router.lifecycle import BEFORE_APPROVAL, STATES
from router.log import get_log
from router.store import Store
from router.store.weekly.rollout_cards import RoadCard
from router.types import Candidate

EVERY_SECONDS = 3.0
CLAIMED_SECONDS = 60.0
"""Whoever claimed a message and has not posted it after so long has ended; somebody else does."""
SHOWN = tuple(state for state in STATES if state not in BEFORE_APPROVAL)


class RoadKeeper:
    """`tick` is called every EVERY_SECONDS. `client` gives a workspace's client."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        client: Callable[[str], WebClient],
        now: Callable[[], float],
    ) -> None:
        self._settings, self._store, self._client, self._now = settings, store, client, now
        self._lock = threading.Lock()
        self._log = get_log(part="road")

    def tick(self) -> None:
        """Every candidate that was approved has a message in the admin channel that says what holds."""
        if not self._settings.admin_channel or not self._lock.acquire(blocking=False):
            return

        try:
            for one in self._store.candidates.waiting(SHOWN):
                self.show(one)
        finally:
            self._lock.release()

    def show(self, one: Candidate) -> None:
        """The candidate's message says what holds now; best effort, because the store is what counts."""
        roads = self._store.roads

        kept = roads.card(one.id)
        if kept is None:
            if roads.claim(one.id, self._settings.admin_channel, self._now()):
                self._post(one, render(standing(self._store, self._settings, one)))
        elif kept.ts is not None:
            shown = render(standing(self._store, self._settings, one))
            if mark(shown) != kept.shown:
                self._update(one, kept, kept.ts, shown)
        elif self._now() - kept.at > CLAIMED_SECONDS:
            roads.release(one.id)

    def _post(self, one: Candidate, shown: Shown) -> None:
        channel = self._settings.admin_channel

        said = plainest(
            lambda what: self._client(one.team).chat_postMessage(
                channel=channel,
                thread_ts=self._thread(one),
                text=what.text,
                blocks=what.blocks,
                unfurl_links=False,
                unfurl_media=False,
            ),
            shown,
        )
        if said is None:
            self._store.roads.release(one.id)
            return

        self._store.roads.shows(one.id, str(said["ts"]), mark(shown), self._now())
        self._log.info("road_posted", candidate=one.id)

    def _update(self, one: Candidate, kept: RoadCard, ts: str, shown: Shown) -> None:
        said = plainest(
            lambda what: self._client(one.team).chat_update(
                channel=kept.channel, ts=ts, text=what.text, blocks=what.blocks
            ),
            shown,
        )
        if said is not None:
            self._store.roads.shows(one.id, ts, mark(shown), self._now())

    def _thread(self, one: Candidate) -> str | None:
        """The digest that the candidate stands in; without one its message stands alone."""
        digest = self._store.digests.newest(one.team)
        there = digest is not None and digest.channel == self._settings.admin_channel
        return (
            digest.ts
            if digest is not None and there and one.id in digest.body["candidates"]
            else None
        )
