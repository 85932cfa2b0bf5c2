"""Publishes one message for each approved candidate, with a thread of its own, and updates it.

Several changes within a few seconds are one update. The store says who posts, so any number of
processes may run it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from slack_sdk import WebClient

from bot.weekly.posting import post_once, update_message
from bot.weekly.rollout_card import digest_of, render
from bot.weekly.rollout_state import load_state
from router.config import Settings
from router.lifecycle import BEFORE_APPROVAL, STATES
from router.log import get_log
from router.store import Store
from router.types import Candidate

EVERY_SECONDS = 3.0
CLAIM_SECONDS = 60.0
"""A process that claimed a message and has not posted it for so long has died: another one does."""
PUBLISHED_STATES = tuple(state for state in STATES if state not in BEFORE_APPROVAL)


class RolloutPublisher:
    """`tick` is called every EVERY_SECONDS. `client` returns a workspace's client."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        client: Callable[[str], WebClient],
        now: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._store = store
        self._client = client
        self._now = now
        self._lock = threading.Lock()
        self._log = get_log(part="rollout")

    def tick(self) -> None:
        """Publishes every approved candidate; does nothing while an earlier call still runs."""
        # Slack may be slow: ticks that pile up would post the same update several times.
        if not self._settings.admin_channel or not self._lock.acquire(blocking=False):
            return

        try:
            for candidate in self._store.candidates.in_states(PUBLISHED_STATES):
                self.publish(candidate)
        finally:
            self._lock.release()

    def publish(self, candidate: Candidate) -> None:
        """Posts the candidate's message, or updates it where it has changed. Best effort."""
        cards = self._store.rollout_cards
        card = cards.card(candidate.id)

        if card is None:
            self._post(candidate)
        elif card.ts is None:
            # Posting was begun: it may still be under way in another process.
            if self._now() - card.at > CLAIM_SECONDS:
                cards.release(candidate.id)
        else:
            message = render(load_state(self._store, self._settings, candidate, self._now()))
            # Unchanged cards cost no call: Slack limits how often messages are updated.
            mark = digest_of(message)

            if mark != card.shown and update_message(
                lambda: self._client(candidate.team), card.channel, card.ts, message
            ):
                cards.mark_shown(candidate.id, card.ts, mark, self._now())

    def _post(self, candidate: Candidate) -> None:
        cards, channel = self._store.rollout_cards, self._settings.admin_channel
        message = render(load_state(self._store, self._settings, candidate, self._now()))

        ts = post_once(
            lambda: self._client(candidate.team),
            channel,
            message,
            claim=lambda: cards.claim(candidate.id, channel, self._now()),
            release=lambda: cards.release(candidate.id),
        )
        if ts is not None:
            cards.mark_shown(candidate.id, ts, digest_of(message), self._now())
            self._log.info("rollout_card_posted", candidate=candidate.id)
