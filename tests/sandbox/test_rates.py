"""Calls beyond Slack's limits get 429 and the time to wait."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.sandbox.actor import Actor
from bot.sandbox.clock import ManualClock
from bot.sandbox.limits.rate_limits import CHANNEL_BURST, RateLimits
from bot.sandbox.server import Sandbox


def test_a_channel_takes_a_burst_and_then_one_message_a_second(
    client: WebClient, post: Callable[..., str], forward: Callable[[float], None]
) -> None:
    for _ in range(CHANNEL_BURST):
        post()

    with pytest.raises(SlackApiError) as caught:
        post()

    assert (caught.value.response.status_code, caught.value.response.headers["Retry-After"]) == (
        429,
        "1",
    )
    assert client.chat_postMessage(channel="#support", text="another channel is free")["ok"]
    forward(1)
    assert post()


def test_a_tier_is_counted_by_the_minute() -> None:
    time = ManualClock()
    limits = RateLimits(time.now)
    assert [limits.acquire("reactions.remove", 2, None) for _ in range(21)] == [None] * 20 + [3]
    time.advance(3)
    assert limits.acquire("reactions.remove", 2, None) is None


def test_a_refused_call_costs_nothing() -> None:
    time = ManualClock()
    limits = RateLimits(time.now)

    for _ in range(CHANNEL_BURST):
        limits.acquire("chat.postMessage", None, "C1")

    waits = {limits.acquire("chat.postMessage", None, "C1") for _ in range(50)}
    assert waits == {1}


def test_limits_can_be_switched_off(sandbox: Sandbox, post: Callable[..., str], ada: Actor) -> None:
    sandbox.context.rate_limits.enabled = False
    assert len({post() for _ in range(CHANNEL_BURST * 3)}) == CHANNEL_BURST * 3
