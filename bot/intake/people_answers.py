"""Follows messages behind saved answers: what is deleted or edited in Slack is quoted no more.

It also counts which requests a person replied to. It runs before the acknowledgement: when it
fails, Slack sends the event again.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from slack_bolt import BoltResponse
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.payloads import Event, EventBody, Message
from bot.transport.clients import UNREACHABLE, error_code
from bot.transport.events import (
    bot_user,
    is_authored,
    receiving_team,
    with_time,
)
from bot.ui.texts import people_answers as texts
from router.errors import StoreAwayError
from router.log import get_log
from router.store import Store
from router.store.knowledge.captured_answers import CapturedAnswer
from router.types import SlackPerson
from workers.knowledge.channel_history import CLOSING_EVENTS, event_time_of
from workers.knowledge.sources.slack_message import SLACKBOT, home_team
from workers.runtime.background_calls import BackgroundCalls

MAX_NOTICES = 100
"""Owners of saved answers who wait to be told; more edits at once are a rewrite of a channel."""


class PeopleAnswerEvents:
    """A Bolt middleware that passes every event on.

    `me` is Beagle's own user where the event does not name it; `client` returns a workspace's
    client, to tell an owner.
    """

    def __init__(
        self,
        store: Store,
        me: str,
        client: Callable[[str], WebClient],
        now: Callable[[], float],
    ) -> None:
        self._store = store
        self._me = me
        self._client = client
        self._now = now
        self._notices = BackgroundCalls("owner", MAX_NOTICES)
        self._log = get_log(part="people_answers")

    def __call__(
        self,
        body: EventBody,
        next: Callable[[], BoltResponse],  # noqa: A002  # Bolt's name
    ) -> BoltResponse:
        """Applies the event to saved answers."""
        event = body.get("event")
        if body.get("type") == "event_callback" and isinstance(event, dict):
            self._apply(receiving_team(body), with_time(event, body), bot_user(body, self._me))

        return next()

    def _apply(self, team: str, event: Event, me: str) -> None:
        kind, subtype = event.get("type"), event.get("subtype")
        channel = str(event.get("channel") or "")

        is_own_leave = kind == "member_left_channel" and event.get("user") == me
        if kind in CLOSING_EVENTS or is_own_leave:
            self._store.captured_answers.remove_for_channel(team, channel)
        elif kind == "message" and subtype == "message_deleted":
            self._delete(team, channel, event)
        elif kind == "message" and subtype == "message_changed":
            self._edit(team, channel, event)
        elif kind == "message" and self._is_reply(event, team, me):
            self._note_reply(team, channel, event)

    def _delete(self, team: str, channel: str, event: Event) -> None:
        ts = str(event.get("deleted_ts") or "")
        # First that it is deleted: a review that is being saved at this moment asks for that.
        self._store.access.event_times.delete_message(team, channel, ts, event_time_of(event))
        for answer in self._store.captured_answers.from_message(team, channel, ts):
            self._store.captured_answers.remove(team, channel, answer.ts)
            self._log.info("answer_removed", channel=channel, reason="deleted")

    def _edit(self, team: str, channel: str, event: Event) -> None:
        empty: Message = {"ts": ""}
        message, before = event.get("message") or empty, event.get("previous_message") or empty
        # Slack also sends its own changes so, such as a link preview.
        if not message.get("edited") or message.get("text") == before.get("text"):
            return

        answer = self._store.captured_answers.get(team, channel, str(message.get("ts") or ""))
        if answer is None:
            return

        self._store.captured_answers.remove(team, channel, answer.ts)
        self._log.info("answer_removed", channel=channel, reason="edited")
        # On a thread of its own: Slack waits for its acknowledgement.
        if not self._notices.submit(partial(self._tell_owner, answer)):
            self._log.warning("owner_not_told", error="too_many")

    def _tell_owner(self, answer: CapturedAnswer) -> None:
        text = texts.EDITED.format(author=answer.author, channel=answer.channel)
        try:
            self._client(answer.team).chat_postMessage(channel=answer.owner, text=text)
        except (SlackApiError, StoreAwayError, *UNREACHABLE) as error:
            # Nothing wrong is quoted either way.
            self._log.warning("owner_not_told", error=error_code(error))

    def _is_reply(self, event: Event, team: str, me: str) -> bool:
        """Returns whether a person of the workspace wrote it in a thread, not to Beagle."""
        user, thread = event.get("user"), event.get("thread_ts")
        if not thread or thread == event.get("ts") or event.get("channel_type") == "im":
            return False
        if not is_authored(event):
            return False
        if not user or user in (me, SLACKBOT) or home_team(event, team):
            return False

        return f"<@{me}>" not in str(event.get("text") or "")

    def _note_reply(self, team: str, channel: str, event: Event) -> None:
        user, thread = str(event.get("user")), str(event.get("thread_ts"))
        # Whoever asked Beagle in this thread goes on asking.
        if not self._store.requests.has_asked_in_thread(SlackPerson(team, user), channel, thread):
            place, ts = (channel, thread), str(event.get("ts"))
            self._store.people_replies.note(team, place, user, ts, self._now())
