"""Tells people that their message could not be stored, while the database is away."""

from __future__ import annotations

from collections.abc import Callable

from slack_bolt import BoltResponse
from slack_sdk import WebClient

from bot.intake.author_notices import AuthorNotices
from bot.payloads import Event, EventBody
from bot.transport.events import bot_user, is_authored, receiving_team
from bot.ui.texts import common as texts
from router.errors import StoreAwayError


class OutageNotice:
    """Tells each author once. Safe for many threads."""

    def __init__(self, client: Callable[[str], WebClient]) -> None:
        # In memory: where it could be stored what was told there is no outage.
        self._notices = AuthorNotices(client, "outage")

    @property
    def is_idle(self) -> bool:
        """Whether everybody who was to be told has been."""
        return self._notices.is_idle

    def tell(self, team: str, event: Event) -> None:
        """Starts to tell the author of a message, unless they know already."""
        self._notices.tell(team, event, texts.STORE_AWAY)


class OutageGuard:
    """A Bolt middleware around another one that reads the store before a message is stored.

    Where that cannot be, the author of a message to Beagle is told; the error goes on.
    """

    def __init__(
        self,
        inner: Callable[[EventBody, Callable[[], BoltResponse]], BoltResponse],
        notice: OutageNotice,
        me: str,
    ) -> None:
        self._inner = inner
        self._notice = notice
        self._me = me

    def __call__(
        self,
        body: EventBody,
        next: Callable[[], BoltResponse],  # noqa: A002  # Bolt's name
    ) -> BoltResponse:
        """Runs the middleware. Raises StoreAwayError as it does."""
        try:
            return self._inner(body, next)
        except StoreAwayError:
            event = body.get("event")
            if event and is_addressed(body, event, self._me):
                self._notice.tell(receiving_team(body), event)

            raise


def is_addressed(body: EventBody, event: Event, me: str) -> bool:
    """Returns whether a person wrote to Beagle itself, as far as the event alone tells."""
    if event.get("type") not in ("message", "app_mention"):
        return False
    if not is_authored(event):
        return False

    me = bot_user(body, me)
    if not event.get("user") or event.get("user") == me:
        return False

    is_mention = event["type"] == "app_mention" or f"<@{me}>" in str(event.get("text") or "")
    return is_mention or event.get("channel_type") == "im"
