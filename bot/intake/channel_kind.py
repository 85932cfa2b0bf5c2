"""What kind of channel an event is from: Slack's word, narrowed by what is known since."""

from __future__ import annotations

from bot.payloads import Event
from bot.transport.events import CHANNEL_KINDS
from router.store.knowledge.access import AccessControl
from router.types import ChannelKind


def channel_kind(access: AccessControl, event: Event, team: str) -> ChannelKind:
    """Returns the kind of the event's channel.

    An event may be older than what is stored: what was said in a public channel is private when it
    arrives after the channel became private. An event that does not name the kind, such as a
    mention, is from a private channel as far as is known.
    """
    kind = CHANNEL_KINDS.get(event.get("channel_type", ""), "private")
    if kind == "public" and access.is_known_private(team, event.get("channel", "")):
        return "private"

    return kind
