"""Stores a request before Slack is told that it arrived.

Bolt acknowledges an event before its listener runs. A global middleware runs earlier: when it
raises, nothing is acknowledged and Slack sends the event again.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from slack_bolt import BoltContext, BoltResponse

from bot.intake.channel_kind import channel_kind
from bot.intake.channel_mining import ChannelCapture
from bot.intake.forwarded import ForwardedText, forwarded_text
from bot.intake.message_files import file_ids
from bot.intake.message_text import strip_mention
from bot.intake.outage_notice import OutageNotice, is_addressed
from bot.intake.thread_talk import ThreadTalk
from bot.payloads import Event, EventBody, Json, Message
from bot.transport.events import (
    bot_user,
    is_authored,
    receiving_team,
    with_time,
)
from router.errors import RateLimitError, StoreAwayError
from router.log import get_log
from router.store import Store
from router.types import Request, SlackPerson, Source
from workers.knowledge.channel_history import event_time_of
from workers.knowledge.sources.slack_message import SLACKBOT, home_team
from workers.runtime import tracing
from workers.runtime.person_limit import PersonLimit

DECIDE_SECONDS = 5.0
"""After this long a request that is still undecided is claimed by `decide_pending`."""
REQUEST = "beagle_request"
"""Key in Bolt's context: a new request."""
REFUSED = "beagle_refused"
"""Key in Bolt's context: a request that was one too many, with the refusal to tell."""
HEARD = "heard"
"""What messages of a channel that is read as a whole count as: they were not sent to Beagle."""
DELETED, EDITED = "beagle_deleted", "beagle_edited"
"""Keys in Bolt's context: the ids of requests whose message was deleted, and a request with another
text."""
MESSAGE_EVENTS = ("message", "app_mention")


class Intake:
    """A Bolt middleware that stores each request once, and stops messages that are none.

    In channels that an admin opted in, other messages are stored for mining (`ChannelCapture`).
    """

    def __init__(
        self,
        store: Store,
        me: str,
        now: Callable[[], float],
        new_id: Callable[[], str],
        limit: PersonLimit,
        outage_notice: OutageNotice | None = None,
    ) -> None:
        self._limit = limit
        self._outage_notice = outage_notice
        self._store = store
        self._me = me
        self._now = now
        self._new_id = new_id
        self._capture = ChannelCapture(store, now)
        self._talk = ThreadTalk()
        self._log = get_log(part="intake")

    def __call__(
        self,
        body: EventBody,
        context: BoltContext,
        next: Callable[[], BoltResponse],  # noqa: A002  # Bolt's name
    ) -> BoltResponse:
        """Puts a new, edited or deleted request into the context for the listeners.

        A message that is already stored, or not for Beagle, is acknowledged and goes no further.
        Raises StoreAwayError, without acknowledging, while nothing can be stored: Slack sends the
        message again, and whoever addressed Beagle is told so.
        """
        event = body.get("event")
        if body.get("type") != "event_callback" or not event:
            return next()
        if event.get("type") not in MESSAGE_EVENTS:
            return next()

        try:
            return self._take(body, event, context, next)
        except StoreAwayError:
            if self._outage_notice is not None and is_addressed(body, event, self._me):
                self._outage_notice.tell(receiving_team(body), event)

            raise

    def _take(
        self,
        body: EventBody,
        event: Event,
        context: BoltContext,
        next: Callable[[], BoltResponse],  # noqa: A002  # Bolt's name
    ) -> BoltResponse:
        if event.get("subtype") in ("message_deleted", "message_changed"):
            is_change = self._apply_change(body, event, context)
            return next() if is_change else BoltResponse(status=200, body="")

        request = self.parse_request(body)
        self._talk.note(event, receiving_team(body), is_request=request is not None)
        if request is None:
            self._capture.capture(event, receiving_team(body), bot_user(body, self._me))
            return BoltResponse(status=200, body="")

        # Slack may repeat a message after its deletion: then nobody waits for an answer.
        if self._store.access.event_times.is_deleted(request.team, request.channel, request.ts):
            return BoltResponse(status=200, body="")

        # False for a second delivery: Slack sends a mention as two events, and retries.
        if not self._store.requests.insert(request, self._now() + DECIDE_SECONDS):
            if request.files:
                self._store.requests.add_files(
                    request.team, request.channel, request.ts, request.files
                )

            return BoltResponse(status=200, body="")

        tracing.record(
            "receive", request.id, request.received_at, self._now(), source=request.source
        )
        self._log.info(
            "received", request=request.id, source=request.source, length=len(request.text)
        )
        refusal = self._refusal(request)
        if refusal is None:
            context[REQUEST] = request
            return next()

        # Before it is decided: deciding thousands of messages would delay everybody's.
        self._store.requests.ignore(request.id)
        self._log.info("rate_limited", request=request.id, told=refusal.is_first)
        if request.source == "channel" or not refusal.is_first:
            return BoltResponse(status=200, body="")

        context[REFUSED] = (request, refusal)
        return next()

    def _refusal(self, request: Request) -> RateLimitError | None:
        """Returns why the request is not taken up, None when it is."""
        try:
            if request.source == "channel":
                self._limit.check(request.asker, HEARD)
            else:
                self._limit.check(request.asker)
        except RateLimitError as error:
            return error

        return None

    def parse_request(self, body: EventBody) -> Request | None:
        """Returns the request that an event makes, None when it is not addressed to Beagle."""
        event = body["event"]

        user, ts, channel = event.get("user"), event.get("ts"), event.get("channel")
        if not is_authored(event):
            return None
        if not user or not ts or not channel or user == SLACKBOT:
            return None

        team, me = receiving_team(body), bot_user(body, self._me)
        text = str(event.get("text") or "")

        source = self._source(event, team, text, me)
        if source is None or user == me:
            return None

        words, home = strip_mention(text, me), home_team(event, team)
        forwarded = ForwardedText() if words else self._forwarded(event, team)
        is_own = (forwarded.author, forwarded.author_team) == (user, home)

        return Request(
            id=self._new_id(),
            team=team,
            channel=channel,
            user=user,
            ts=ts,
            # With the workspace: no number of another one's event may make this a duplicate.
            event_id=f"{team}:{body.get('event_id') or f'{channel}:{ts}'}",
            text=words or strip_mention(forwarded.text, me),
            received_at=self._now(),
            thread_ts=event.get("thread_ts"),
            channel_kind=channel_kind(self._store.access, event, team),
            source=source,
            user_team=home,
            author="" if is_own else forwarded.author,
            author_team="" if is_own else forwarded.author_team,
            files=file_ids(event, lambda shared: not self._left_out(shared, team)),
        )

    def _forwarded(self, event: Event, team: str) -> ForwardedText:
        """Returns the words that the event forwards, none of somebody who opted out."""
        found = forwarded_text(event)
        home = "" if found.author_team == team else found.author_team
        if found.author and self._store.opt_outs.is_opted_out(team, found.author, home):
            return ForwardedText()

        return replace(found, author_team=home if found.author else "")

    def _left_out(self, attachment: Json, team: str) -> bool:
        """Returns whether the author of a forwarded message opted out."""
        author, home = str(attachment.get("author_id") or ""), str(attachment.get("team_id") or "")
        home = "" if home == team else home
        return bool(author) and self._store.opt_outs.is_opted_out(team, author, home)

    def _source(self, event: Event, team: str, text: str, me: str) -> Source | None:
        """Returns how the message addresses Beagle, None when it does not."""
        if event.get("channel_type") == "im":
            return "dm"
        if event["type"] == "app_mention" or f"<@{me}>" in text:
            return "mention"

        # A message that begins with a mention of somebody else is for them.
        if re.match(r"\s*<@(\w+)", text):
            return None

        channel, user, thread = event["channel"], event["user"], event.get("thread_ts")
        if thread:
            # Without a mention, an answer to somebody else is none of Beagle's business.
            if self._talk.is_between_people(team, channel, thread):
                return None

            person = SlackPerson(team, user, home_team(event, team))
            has_asked = self._store.requests.has_asked_in_thread(person, channel, thread)
            return "thread" if has_asked else None

        if self._store.channel_rules.for_channel(team, channel).hears != "all":
            return None

        # An admin let Beagle read the whole channel, and the channel was told. People who opted
        # out are still left out.
        # An admin here cannot speak for people of another company, who asked nothing.
        if home_team(event, team):
            return None

        return None if self._store.opt_outs.is_opted_out(team, user) else "channel"

    def _apply_change(self, body: EventBody, event: Event, context: BoltContext) -> bool:
        """Applies an edit or a deletion; returns whether it was of a request."""
        team, me = receiving_team(body), bot_user(body, self._me)
        channel, at = event.get("channel", ""), event_time_of(with_time(event, body))
        times = self._store.access.event_times

        if event.get("subtype") == "message_deleted":
            # Stored before Slack gets its acknowledgement, so that no crash forgets the deletion.
            ts = str(event.get("deleted_ts", ""))
            times.delete_message(team, channel, ts, at)
            keys = self._store.withdrawals.begin(team, channel, ts, self._now())
            if not keys:
                self._cancel_reminders(team, channel, ts)
                self._capture.delete(event, team)
                return False

            context[DELETED] = keys
            return True

        message: Message = event.get("message") or {"ts": ""}
        ts = message.get("ts", "")
        request = self._store.requests.find(team, channel, ts)
        if request is None and not self._capture.is_mined(team, channel):
            return False
        if not times.edit_message(team, channel, ts, at):
            return False

        request = self._edited(request, message, me)
        if request is None:
            self._capture.update(event, team, me)
            return False

        context[EDITED] = request
        return True

    def _cancel_reminders(self, team: str, channel: str, ts: str) -> None:
        """Cancels the reminders of an answer that somebody deleted."""
        answered = self._store.replies.request_at(team, channel, ts)
        if answered is not None:
            self._store.reminders.cancel(answered, self._now())

    def _edited(self, request: Request | None, message: Message, me: str) -> Request | None:
        """Returns the request if its author gave it another text, with that text.

        Slack also sends `message_changed` for its own changes (a link preview, a reply): those
        count as none.
        """
        text = strip_mention(str(message.get("text") or ""), me)
        if request is None or not message.get("edited") or not text or text == request.text:
            return None

        self._store.requests.update_text(request.id, text)
        return replace(request, text=text)
