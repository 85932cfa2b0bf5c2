"""A Slack that takes its time, as the real one does."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from slack_sdk import WebClient

from bot.sandbox.delivery.dispatcher import DeliveryResult, Envelope
from bot.sandbox.server import Sandbox, SandboxConfig

SECONDS = 0.05


class Recorder:
    """Keeps the texts of the messages that arrive, and acknowledges them."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    async def send(self, envelope: Envelope) -> DeliveryResult:
        self.texts.append(envelope.payload["event"].get("text", ""))
        return DeliveryResult(True)


@pytest.fixture
def slow() -> Iterator[Sandbox]:
    with Sandbox(SandboxConfig(limits=False, latency=(SECONDS, SECONDS))) as running:
        yield running


def test_an_answer_of_the_web_api_takes_as_long_as_was_asked_for(slow: Sandbox) -> None:
    started = time.monotonic()
    WebClient(token=slow.bot_token, base_url=slow.api_url).auth_test()

    assert time.monotonic() - started >= SECONDS


def test_events_arrive_in_their_order_however_long_each_takes() -> None:
    recorder, numbers = Recorder(), [str(number) for number in range(20)]
    with Sandbox(SandboxConfig(limits=False, latency=(0.0, SECONDS))) as sandbox:
        sandbox.call(lambda: setattr(sandbox.context.dispatcher, "transport", recorder))
        for number in numbers:
            sandbox.actor("ada").say("general", number)

        sandbox.settle()

    assert recorder.texts == numbers


def test_settling_waits_for_what_is_on_its_way(slow: Sandbox) -> None:
    recorder = Recorder()
    slow.call(lambda: setattr(slow.context.dispatcher, "transport", recorder))

    slow.actor("ada").say("general", "hello")
    slow.settle()

    assert recorder.texts == ["hello"]
