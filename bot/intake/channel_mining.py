"""Keeps what is said, and not to Beagle, in channels that an admin opted in to mining; elsewhere it keeps nothing.

A channel without the opt-in costs one look at its own rule for each message, and no write.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bot.transport.events import KINDS, SPOKEN, home_of
from router.store import Store
from router.store.mining.channel_messages import Remark
from router.text.redact import redact

LONGEST = 4_000
"""Characters of a message: what is asked is said in fewer."""


class Overhear:
    """Part of intake: when it fails, nothing is acknowledged and Slack sends the event again."""

    def __init__(
        self, store: Store, now: Callable[[], float], plain: Callable[[str, str], str]
    ) -> None:
        self._store, self._now, self._plain = store, now, plain

    def said(self, event: Mapping[str, Any], team: str, me: str) -> None:
        """The message is kept, masked, if its channel is mined and its author is of this workspace and takes part."""
        user, ts, channel = event.get("user"), event.get("ts"), event.get("channel")

        person = user and user != me and not event.get("bot_id") and event.get("subtype") in SPOKEN
        # Nobody here may speak for people of another workspace, in a channel that they share.
        if (
            event.get("type") != "message"
            or not (person and ts and channel)
            or home_of(event, team)
        ):
            return

        if not self._store.rules.of(team, str(channel)).mined:
            return

        text = redact(self._plain(str(event.get("text") or ""), me))[:LONGEST]
        if text:
            # What an event does not say is read as private: then nothing of it is ever shown.
            kind = KINDS.get(str(event.get("channel_type", "")), "private")
            self._store.overheard.keep(
                Remark(team, str(channel), str(ts), str(user), text, kind, self._now())
            )

    def changed(self, event: Mapping[str, Any], team: str, me: str) -> None:
        """What was kept of the message says what the message says now."""
        message, channel = event.get("message") or {}, str(event.get("channel", ""))
        if self._store.rules.of(team, channel).mined:
            text = redact(self._plain(str(message.get("text") or ""), me))[:LONGEST]
            gone = message.get("subtype") == "tombstone"
            self._store.overheard.reword(
                team, channel, str(message.get("ts", "")), "" if gone else text
            )

    def deleted(self, event: Mapping[str, Any], team: str) -> None:
        """What was kept of the message is gone."""
        channel = str(event.get("channel", ""))
        if self._store.rules.of(team, channel).mined:
            self._store.overheard.reword(team, channel, str(event.get("deleted_ts", "")), "")
