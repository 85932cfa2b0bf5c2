"""Welcomes whoever invited Beagle to a channel, once and visible to nobody else."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from slack_sdk import WebClient

from bot.listeners.channel_settings import ACTION
from bot.payloads import Event
from bot.transport.events import Events
from bot.ui.blocks import Rendered, actions, button, menu_block, paragraph
from bot.ui.texts import common as texts
from router.log import get_log
from router.types import RouteOffer, SlackPerson
from workers.affiliation import UNKNOWN_HOME

MAX_EXAMPLES = 3


class Onboarding:
    """Reacts when Beagle joins a channel.

    `me` returns Beagle's own user in a workspace, `offers` what a person may ask for in a
    channel.
    """

    def __init__(
        self,
        me: Callable[[str], str],
        offers: Callable[[SlackPerson, str], Sequence[RouteOffer]],
    ) -> None:
        self._me = me
        self._offers = offers
        self._log = get_log(part="onboarding")

    def listen(self, events: Events) -> None:
        """Registers for joins."""
        events.on("member_joined_channel", self.joined)

    def joined(self, event: Event, team: str, client: WebClient) -> None:
        """Welcomes the inviter. A join without one (by an admin's script) stays silent."""
        inviter, channel = event.get("inviter"), event.get("channel", "")
        if event.get("user") != self._me(team) or not inviter:
            return

        # Slack does not say which company invites: the narrowest holds.
        person = SlackPerson(team, inviter, UNKNOWN_HOME)
        message = welcome(channel, self._offers(person, channel))
        client.chat_postEphemeral(
            channel=channel, user=inviter, text=message.text, blocks=message.blocks
        )
        self._log.info("welcomed", channel=channel)


def welcome(channel: str, offers: Sequence[RouteOffer]) -> Rendered:
    """Returns what Beagle reads there, what can be asked, and a button for the settings."""
    settings = button(texts.SETTINGS, ACTION, {"channel": channel})
    blocks = [paragraph(texts.WELCOME), menu_block(offers[:MAX_EXAMPLES]), actions([settings])]

    return Rendered(texts.WELCOME.replace("*", ""), blocks)
