"""Beagle was invited to a channel: the person who did it is told once how it behaves there, and nobody else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from slack_sdk import WebClient

from bot.listeners.channel_settings import ACTION
from bot.transport.events import Events
from bot.ui.blocks import Offer, Shown, button, menu_block, words
from bot.ui.texts import common as texts
from router.log import get_log


class Onboarding:
    """Hears that Beagle itself joined a channel."""

    def __init__(self, me: Callable[[str], str], offers: Callable[[], Sequence[Offer]]) -> None:
        self._me, self._offers = me, offers
        self._log = get_log(part="onboarding")

    def listen(self, events: Events) -> None:
        """Joins are heard from now on."""
        events.on("member_joined_channel", self.joined)

    def joined(self, event: Mapping[str, Any], team: str, client: WebClient) -> None:
        """The inviter sees the settings; a join without one (an admin's script) is met with silence."""
        inviter, channel = event.get("inviter"), str(event.get("channel", ""))
        if event.get("user") != self._me(team) or not inviter:
            return

        shown = welcome(channel, self._offers())
        client.chat_postEphemeral(
            channel=channel, user=str(inviter), text=shown.text, blocks=shown.blocks
        )
        self._log.info("welcomed", channel=channel)


def welcome(channel: str, offers: Sequence[Offer]) -> Shown:
    """What the inviter sees: that only mentions are heard, what can be asked, and where to change that."""
    settings = button(texts.SETTINGS, ACTION, {"channel": channel})
    blocks = [
        words(texts.WELCOME),
        menu_block(offers[:3]),
        {"type": "actions", "elements": [settings]},
    ]

    return Shown(texts.WELCOME.replace("*", ""), blocks)
