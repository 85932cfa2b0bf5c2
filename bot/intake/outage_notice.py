"""Tells people that their message could not be stored, while the database is away."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

from slack_bolt import BoltResponse
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.payloads import Event, EventBody
from bot.transport.clients import UNREACHABLE, error_code
from bot.transport.events import AUTHORED_SUBTYPES, bot_user, receiving_team
from bot.ui.texts import common as texts
from router.errors import StoreAwayError
from router.log import get_log

MAX_TOLD = 10_000
"""Messages that are remembered; Slack sends each up to three times more."""


class OutageNotice:
    """Tells each author once, on a thread of its own. Safe for many threads.

    What was told is held in memory: where it could be stored there is no outage. So after a restart
    somebody may be told again.
    """

    def __init__(self, client: Callable[[str], WebClient]) -> None:
        self._client = client
        self._told: OrderedDict[tuple[str, str, str], None] = OrderedDict()
        self._lock = threading.Lock()
        self._log = get_log(part="intake")

    def tell(self, team: str, event: Event) -> threading.Thread | None:
        """Starts to tell the author of a message; None if they know already."""
        key = (team, str(event.get("channel")), str(event.get("ts")))
        with self._lock:
            if key in self._told:
                return None

            self._told[key] = None
            if len(self._told) > MAX_TOLD:
                self._told.popitem(last=False)

        # Slack waits for its acknowledgement, and must learn soon that there is none.
        thread = threading.Thread(target=self._post, args=(team, event), daemon=True)
        thread.start()
        return thread

    def _post(self, team: str, event: Event) -> None:
        try:
            self._client(team).chat_postEphemeral(
                channel=event["channel"],
                user=event["user"],
                text=texts.STORE_AWAY,
                thread_ts=event.get("thread_ts"),
            )
        except (SlackApiError, StoreAwayError, *UNREACHABLE) as error:
            # Slack brings the message again in any case.
            self._log.warning("outage_not_told", error=error_code(error))


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
    if event.get("bot_id") or event.get("subtype") not in AUTHORED_SUBTYPES:
        return False

    me = bot_user(body, me)
    if not event.get("user") or event.get("user") == me:
        return False

    is_mention = event["type"] == "app_mention" or f"<@{me}>" in str(event.get("text") or "")
    return is_mention or event.get("channel_type") == "im"
