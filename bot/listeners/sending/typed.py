"""An answer that a person types to what was handed over to them: it goes into the asker's thread.

It runs before intake, for which the message would be a request. When it fails, nothing is
acknowledged and Slack sends the event again.
"""

from __future__ import annotations

from collections.abc import Callable

from slack_bolt import BoltResponse
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.admins import Admins
from bot.intake.message_files import file_ids
from bot.intake.message_text import strip_mention
from bot.listeners.sending.replies import HandedOverReplies, reply_key
from bot.payloads import Event, EventBody
from bot.transport.clients import UNREACHABLE, error_code
from bot.transport.events import bot_user, is_authored, receiving_team
from bot.ui.sent_message import sending_of
from router.log import get_log
from router.store import Store
from router.store.requests.sendings import Sending
from router.types import SlackPerson
from workers.knowledge.sources.slack_message import home_team
from workers.ports import Queue


class TypedReplies:
    """A Bolt middleware that takes such messages and passes every other event on.

    Only a reply in the thread of the direct message is one. A message at the top level may be about
    anything, and an answer is shown to others.
    """

    def __init__(
        self,
        store: Store,
        queue: Queue,
        admins: Admins,
        me: str,
        client: Callable[[str], WebClient],
    ) -> None:
        self._store = store
        self._replies = HandedOverReplies(store, queue, admins)
        self._me = me
        self._client = client
        self._log = get_log(part="sending")

    def __call__(
        self,
        body: EventBody,
        next: Callable[[], BoltResponse],  # noqa: A002  # Bolt's name
    ) -> BoltResponse:
        """Stores the message as the person's answer, if it is one."""
        event = body.get("event")
        if body.get("type") != "event_callback" or not event:
            return next()

        return BoltResponse(status=200, body="") if self._take(body, event) else next()

    def _take(self, body: EventBody, event: Event) -> bool:
        """Returns whether the message was an answer to what was handed over."""
        team, me = receiving_team(body), bot_user(body, self._me)
        text = strip_mention(str(event.get("text") or ""), me)
        if not text or not _is_direct_reply(event, me) or home_team(event, team):
            return False

        person, ts = SlackPerson(team, str(event.get("user"))), str(event.get("ts"))
        handed = self._store.sendings.handed_over_to(person)
        if not handed:
            return False
        channel, thread = str(event.get("channel")), str(event.get("thread_ts"))
        answered = self._in_thread(team, (channel, thread), me, handed)
        if answered is None:
            return False

        reply = self._store.sendings.get(reply_key(answered))
        if reply is not None and reply.state != "failed":
            # Slack sends an event again where it saw no acknowledgement.
            return reply.at == float(ts)
        if self._store.access.event_times.is_deleted(team, channel, ts):
            return False

        return self._replies.store_reply(answered, person, text, float(ts))

    def _in_thread(
        self, team: str, place: tuple[str, str], me: str, handed: list[Sending]
    ) -> Sending | None:
        """Returns the hand-over whose message began the thread."""
        channel, thread = place
        try:
            page = self._client(team).conversations_replies(
                channel=channel, ts=thread, limit=1, include_all_metadata=True
            )
        except (SlackApiError, *UNREACHABLE) as error:
            self._log.warning("thread_not_read", channel=channel, error=error_code(error))
            return None

        messages = page.get("messages") or [{}]
        key = sending_of(messages[0], me)
        return next((one for one in handed if one.key == key), None)


def _is_direct_reply(event: Event, me: str) -> bool:
    """Returns whether a person wrote it in a thread with Beagle alone, without a file."""
    if event.get("type") != "message" or event.get("channel_type") != "im":
        return False
    if not is_authored(event) or not event.get("user") or event.get("user") == me:
        return False

    thread = event.get("thread_ts")
    return bool(thread) and thread != event.get("ts") and not file_ids(event)
