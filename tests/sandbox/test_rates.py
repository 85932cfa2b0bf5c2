"""Calls beyond Slack's limits get 429 and the time to wait."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.sandbox.actor import Actor
from bot.sandbox.clock import ManualClock
from bot.sandbox.limits.rate_limits import CHANNEL_BURST, RateLimits
from bot.sandbox.server import Sandbox, SandboxConfig
from bot.sandbox.web_api import METHODS


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


def test_an_app_outside_the_marketplace_reads_fifteen_messages_a_minute(
    time: ManualClock,
) -> None:
    with Sandbox(SandboxConfig(clock=time, unlisted=True)) as unlisted:
        client = WebClient(
            token=unlisted.bot_token, base_url=unlisted.api_url, retry_handlers=[], timeout=60
        )
        channel = next(c["id"] for c in client.conversations_list()["channels"])
        root = client.chat_postMessage(channel=channel, text="root")["ts"]
        for number in range(20):
            unlisted.context.rate_limits.enabled = False
            client.chat_postMessage(channel=channel, text=str(number), thread_ts=root)
        unlisted.context.rate_limits.enabled = True

        page = client.conversations_replies(channel=channel, ts=root, limit=200)
        with pytest.raises(SlackApiError) as caught:
            client.conversations_replies(channel=channel, ts=root)

        # Any page may be shorter than its limit.
        assert (len(page["messages"]), page["has_more"]) == (14, True)
        assert caught.value.response["error"] == "ratelimited"
        assert caught.value.response.headers["Retry-After"] == "60"
        unlisted.call(lambda: time.advance(60))
        assert client.conversations_history(channel=channel)["ok"]
        assert client.conversations_replies(channel=channel, ts=root)["ok"]


@pytest.mark.parametrize(
    ("method", "tier"),
    [
        ("apps.connections.open", 3),
        ("assistant.threads.setSuggestedPrompts", 4),
        ("chat.appendStream", 4),
        ("chat.update", 3),
        ("views.publish", 4),
    ],
)
def test_a_method_has_the_tier_of_slacks_reference(method: str, tier: int) -> None:
    assert METHODS[method].tier == tier
