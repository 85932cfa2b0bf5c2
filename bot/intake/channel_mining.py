"""Stores messages for mining, in channels that an admin opted in, although they are not for Beagle.

A channel without the opt-in costs one read of its rule for each message, and no write.
"""

from __future__ import annotations

from collections.abc import Callable

from bot.intake.channel_kind import channel_kind
from bot.intake.message_text import strip_mention
from bot.payloads import Event
from bot.transport.events import AUTHORED_SUBTYPES
from router.store import Store
from router.store.mining.channel_messages import ChannelMessage
from router.text.redact import redact
from workers.knowledge.sources.slack_message import SLACKBOT, home_team

MAX_STORED = 4_000
"""Characters stored of a message: requests are shorter."""


class ChannelCapture:
    """Part of intake: when it fails, nothing is acknowledged and Slack sends the event again."""

    def __init__(self, store: Store, now: Callable[[], float]) -> None:
        self._store = store
        self._now = now

    def capture(self, event: Event, team: str, me: str) -> None:
        """Stores the redacted message, if its channel is mined and its author belongs here."""
        channel, ts = event.get("channel"), event.get("ts")
        author = _author(event, team, me)
        if author is None or not channel or not ts or not self.is_mined(team, channel):
            return
        if self._store.access.event_times.is_deleted(team, channel, ts):
            return

        text = _redacted(event.get("text"), me)
        if text:
            # An event without a channel type counts as private: then its text is never shown.
            kind = channel_kind(self._store.access, event, team)
            self._store.channel_messages.insert(
                ChannelMessage(
                    team, channel, ts, author, text, kind, self._now(), _thread_of(event, ts)
                )
            )

    def update(self, event: Event, team: str, me: str) -> None:
        """Replaces the stored text of a message that was edited."""
        channel = event.get("channel", "")
        if not self.is_mined(team, channel):
            return

        message = event.get("message")
        if message is None:
            return

        text = _redacted(message.get("text"), me)
        self._store.channel_messages.update_text(team, channel, message.get("ts", ""), text)

    def delete(self, event: Event, team: str) -> None:
        """Deletes what was stored of a message that was deleted."""
        channel = event.get("channel", "")
        if self.is_mined(team, channel):
            self._store.channel_messages.update_text(team, channel, event.get("deleted_ts", ""), "")

    def is_mined(self, team: str, channel: str) -> bool:
        """Returns whether an admin let the channel's messages be stored for mining."""
        return self._store.channel_rules.for_channel(team, channel).mined


def _author(event: Event, team: str, me: str) -> str | None:
    """Returns who wrote the message; None unless it is a person of this workspace."""
    user = event.get("user")
    if event.get("type") != "message" or event.get("subtype") not in AUTHORED_SUBTYPES:
        return None
    if not user or user in (me, SLACKBOT) or event.get("bot_id"):
        return None

    # An admin here cannot consent for people of another workspace, in a channel that both share.
    return None if home_team(event, team) else user


def _thread_of(event: Event, ts: str) -> str:
    """Returns the message that an answer belongs to; empty for one that began the thread."""
    thread_ts = event.get("thread_ts") or ""
    return "" if thread_ts == ts else thread_ts


def _redacted(text: str | None, me: str) -> str:
    # Cut before it is masked, too: Slack waits for its acknowledgement.
    plain = strip_mention(text or "", me)[: 2 * MAX_STORED]
    return redact(plain)[:MAX_STORED]
