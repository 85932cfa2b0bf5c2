"""Remembers a request before Slack is told that it arrived.

Bolt acknowledges an event before its listener runs. A global middleware runs earlier: when it
raises, nothing is acknowledged and Slack sends the event again.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from slack_bolt import BoltResponse

from bot.intake.channel_mining import Overhear
from bot.transport.events import KINDS, SPOKEN, home_of, me_of, team_of
from router.log import get_log
from router.store import Store
from router.types import Request, Source

DECIDE_SECONDS = 5.0
"""A request that is still undecided after this long is decided by whoever notices."""
TEXT_LIMIT = 40_000
REQUEST = "beagle_request"
DELETED, EDITED = "beagle_deleted", "beagle_edited"
"""What a listener finds in the context: a new request, one whose message was deleted, one whose
words changed."""


LINK = re.compile(r"<((?:https?|mailto):[^|>]*)(?:\|([^>]*))?>")
"""How Slack writes an address that somebody typed: with the words it is shown as behind a bar."""


class Intake:
    """A Bolt middleware. What is addressed to Beagle is stored, once; what is not goes no further.

    Where an admin opted the channel in, what is not addressed is kept for mining (`Overhear`).
    """

    def __init__(
        self, store: Store, me: str, now: Callable[[], float], new_id: Callable[[], str]
    ) -> None:
        self._store, self._me, self._now, self._new_id = store, me, now, new_id
        self._overhear = Overhear(store, now, clean)
        self._log = get_log(part="intake")

    def __call__(self, body: dict[str, Any], context: Any, next: Callable[[], Any]) -> Any:  # noqa: A002  # Bolt's name
        """Goes on to the listeners with a new request in the context; a known or foreign message ends here, well."""
        if body.get("type") != "event_callback" or body.get("event", {}).get("type") not in (
            "message",
            "app_mention",
        ):
            return next()

        event = body["event"]
        if event.get("subtype") in ("message_deleted", "message_changed"):
            deleted = event["subtype"] == "message_deleted"
            team, me = team_of(body), me_of(body, self._me)

            found = self._deleted(event) if deleted else self._changed(event, me)
            if found is None:
                if deleted:
                    self._overhear.deleted(event, team)
                else:
                    self._overhear.changed(event, team, me)

                return BoltResponse(status=200, body="")

            context[DELETED if deleted else EDITED] = found
            return next()

        request = self.read(body)
        if request is None:
            self._overhear.said(event, team_of(body), me_of(body, self._me))
            return BoltResponse(status=200, body="")

        if not self._store.requests.remember(request, self._now() + DECIDE_SECONDS):
            return BoltResponse(status=200, body="")

        self._log.info(
            "received", request=request.id, source=request.source, length=len(request.text)
        )
        context[REQUEST] = request
        return next()

    def read(self, body: Mapping[str, Any]) -> Request | None:
        """The request that an event makes, None when it is not addressed to Beagle."""
        event = body["event"]

        user, ts, channel = event.get("user"), event.get("ts"), event.get("channel")
        if (
            event.get("bot_id")
            or event.get("subtype") not in SPOKEN
            or not (user and ts and channel)
        ):
            return None

        team, me = team_of(body), me_of(body, self._me)
        text = str(event.get("text") or "")

        source = self._source(event, team, text, me)
        if source is None or user == me:
            return None

        return Request(
            id=self._new_id(),
            team=team,
            channel=channel,
            user=user,
            ts=ts,
            event_id=str(body.get("event_id") or f"{team}:{channel}:{ts}"),
            text=clean(text, me),
            received_at=self._now(),
            thread_ts=event.get("thread_ts"),
            # A mention does not say what kind of channel it is in; the narrowest reading is the
            # safe one.
            channel_kind=KINDS.get(event.get("channel_type", ""), "private"),
            source=source,
            user_team=home_of(event, team),
        )

    def _source(self, event: Mapping[str, Any], team: str, text: str, me: str) -> Source | None:
        if event.get("channel_type") == "im":
            return "dm"
        if event["type"] == "app_mention" or f"<@{me}>" in text:
            return "mention"

        thread = event.get("thread_ts")

        addressed = re.match(r"\s*<@(\w+)", text)
        if (
            thread
            and not addressed
            and self._store.requests.takes_part(team, event["channel"], thread, event["user"])
        ):
            return "thread"

        if thread or addressed or self._store.rules.of(team, event["channel"]).hears != "all":
            return None

        # The whole channel is heard, because an admin said so and the channel was told; who opted
        # out is not.
        return None if self._store.opt_outs.out(team, event["user"]) else "channel"

    def _deleted(self, event: Mapping[str, Any]) -> Request | None:
        """The request of a deleted message; whoever works on it has lost it."""
        found = self._store.requests.find(
            event.get("channel", ""), str(event.get("deleted_ts", ""))
        )
        if found is not None:
            self._store.requests.ignore(found.id)

        return found

    def _changed(self, event: Mapping[str, Any], me: str) -> Request | None:
        """The request whose author gave it other words; Slack's own changes (a preview, a reply) are none."""
        message = event.get("message") or {}
        found = self._store.requests.find(event.get("channel", ""), str(message.get("ts", "")))

        said = clean(str(message.get("text") or ""), me)
        if found is None or not message.get("edited") or not said or said == found.text:
            return None

        self._store.requests.reword(found.id, said)
        return replace(found, text=said)


def clean(text: str, me: str) -> str:
    """What was said, without the mention of Beagle and without Slack's escapes."""
    said = re.sub(rf"<@{re.escape(me)}(\|[^>]*)?>", " ", text)
    said = LINK.sub(lambda found: found[2] or found[1], said)
    return html.unescape(re.sub(r"[ \t]+", " ", said)).strip()[:TEXT_LIMIT]
