"""Tells people that their message found no room, while more comes than the bot can take up."""

from __future__ import annotations

from bot.intake.author_notices import AuthorNotices
from bot.intake.outage_notice import is_addressed
from bot.payloads import Event
from bot.transport.deliveries.places import LAST_ATTEMPT, Deliveries, Incoming
from bot.transport.events import receiving_team
from bot.ui.texts import common as texts
from router.errors import StoreAwayError
from router.store import Store


class OverloadNotice:
    """Tells the author of a refused message to Beagle what becomes of it.

    `me` is Beagle's own user where the event does not name it.
    """

    def __init__(
        self, notices: AuthorNotices, store: Store, deliveries: Deliveries, me: str
    ) -> None:
        self._notices = notices
        self._store = store
        self._deliveries = deliveries
        self._me = me

    def tell(self, incoming: Incoming) -> None:
        """Starts to tell the author; returns at once."""
        body = incoming.body
        event = body.get("event") if body else None
        if not body or not isinstance(event, dict) or not is_addressed(body, event, self._me):
            return

        team = receiving_team(body)
        is_last = incoming.attempt >= LAST_ATTEMPT
        text = texts.TOO_BUSY_LAST if is_last else texts.TOO_BUSY
        self._notices.tell(team, event, text, lambda: self._is_taken(team, event))

    def _is_taken(self, team: str, event: Event) -> bool:
        """Returns whether the message was taken all the same: a mention comes as two events."""
        channel, ts = str(event.get("channel")), str(event.get("ts"))
        if self._deliveries.holds_message(team, channel, ts):
            return True

        try:
            return self._store.requests.find(team, channel, ts) is not None
        except StoreAwayError:
            return False
