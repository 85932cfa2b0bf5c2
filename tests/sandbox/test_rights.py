"""Channels are converted and people become guests, and the event about it may be lost for ever."""

from __future__ import annotations

from typing import Any

import pytest

from bot.sandbox.actor import Actor
from bot.sandbox.element_values import ActionError
from bot.sandbox.server import Sandbox
from bot.transport.directory import SlackDirectory
from router.store import Store
from router.types import SlackPerson
from tests.conftest import Clock
from workers.knowledge.membership import ReadingRights

HOUR = 3600.0


@pytest.fixture
def rights(client: Any, store: Store, clock: Clock) -> ReadingRights:
    return ReadingRights(store.access, SlackDirectory(lambda _: client), clock, HOUR)


def test_a_converted_channel_keeps_its_id_and_is_private_by_slack_s_word(
    sandbox: Sandbox, ada: Actor, rights: ReadingRights
) -> None:
    channel = ada.channel("support")
    assert rights.channel_kind("T", channel) == "public"

    ada.convert("support", private=True)

    described = rights.directory.channel_info("T", channel)  # type: ignore[union-attr]
    assert channel.startswith("C")
    assert described.kind == "private"


def test_what_nobody_was_told_is_found_out_when_slack_s_word_is_old(
    sandbox: Sandbox, ada: Actor, rights: ReadingRights, clock: Clock
) -> None:
    channel = ada.channel("support")
    linus = sandbox.actor("linus").id
    team = sandbox.call(lambda: sandbox.workspace.team["id"])
    assert rights.readable(SlackPerson(team, linus), [channel]) == {channel}

    sandbox.inject_fault("lose")
    ada.convert("support", private=True)
    sandbox.actor("linus").leave("support")
    ada.set_guest("linus", guest=True)
    assert rights.readable(SlackPerson(team, linus), [channel]) == {channel}, (
        "nobody has told the bot"
    )

    clock.forward(HOUR + 1)
    assert rights.readable(SlackPerson(team, linus), [channel, "public"]) == set()


def test_a_lost_event_is_given_up_at_once(sandbox: Sandbox, ada: Actor) -> None:
    before = sandbox.call(lambda: sandbox.context.dispatcher.counts["given_up"])
    sandbox.inject_fault("lose", on="message", times=1)

    ada.say("general", "nobody hears this")

    counts = sandbox.call(lambda: sandbox.context.dispatcher.counts["given_up"])
    assert counts == before + 1
    assert sandbox.call(lambda: sandbox.context.dispatcher.under_way) == 0


def test_only_an_admin_converts_channels(sandbox: Sandbox) -> None:
    with pytest.raises(ActionError, match="only an admin"):
        sandbox.actor("grace").convert("support", private=True)


def test_only_an_admin_makes_guests(sandbox: Sandbox) -> None:
    with pytest.raises(ActionError, match="only an admin"):
        sandbox.actor("grace").set_guest("linus", guest=True)
