"""The welcome message."""

from __future__ import annotations

from bot.listeners.onboarding import Onboarding, welcome
from bot.sandbox.block_kit import check_message
from tests.fixtures.slack_client import RecordingClient


def test_only_the_inviter_is_welcomed_and_only_for_the_bot(store):
    client, told = RecordingClient(), Onboarding(lambda _: "UBOT", lambda *_: [])
    told.joined({"user": "UBOT", "channel": "C1", "inviter": "UADA"}, "T1", client)
    told.joined({"user": "UMAE", "channel": "C1", "inviter": "UADA"}, "T1", client)
    told.joined({"user": "UBOT", "channel": "C1"}, "T1", client)
    assert [(name, how["user"]) for name, how in client.calls] == [("chat_postEphemeral", "UADA")]
    assert check_message(welcome("C1", []).blocks).details == []
