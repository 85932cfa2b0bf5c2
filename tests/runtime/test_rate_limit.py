"""Slack's rate limits and Retry-After hold for all processes together."""

from __future__ import annotations

import pytest
from slack_sdk.errors import SlackApiError

from bot.sandbox.server import Sandbox, SandboxConfig
from bot.transport.clients import HELD, Clients, error_code
from workers.runtime.rate_limit import TokenBuckets


@pytest.fixture
def pace(broker):
    made = TokenBuckets(broker.url)
    yield made
    made.close()


def test_two_processes_share_one_bucket(pace, broker):
    other = TokenBuckets(broker.url)
    taken = [one.acquire("a", 60, 4) for one in (pace, other) * 3]
    other.close()
    assert taken[:4] == [0.0] * 4
    assert all(0 < wait <= 1.0 for wait in taken[4:])


def test_buckets_are_apart(pace):
    assert pace.acquire("a", 60) == 0
    assert pace.acquire("a", 60) > 0
    assert pace.acquire("b", 60) == 0


def test_what_slack_says_to_one_holds_for_all(pace, broker):
    other = TokenBuckets(broker.url)
    pace.close_for("a", 5.0)
    wait = other.acquire("a", 6000, 100)
    other.close()
    assert 4.0 < wait <= 5.0


def test_without_redis_nothing_is_held_back():
    assert TokenBuckets("redis://127.0.0.1:1/0").acquire("a", 1) == 0.0


def test_a_nicety_without_room_is_left_out_and_an_answer_waits_for_its_turn(pace):
    with Sandbox(SandboxConfig(limits=False)) as sandbox:
        ada = sandbox.actor("ada")
        ts, channel = ada.say("general", "hello"), ada.channel("general")
        trio = Clients.single(sandbox.bot_token, sandbox.api_url, pace).for_team("T1")
        pace.close_for("T1:chat.startStream", 30.0)

        with pytest.raises(SlackApiError) as caught:
            trio.best_effort.chat_startStream(channel=channel, thread_ts=ts)

        assert error_code(caught.value) == HELD
        pace.close_for(f"T1:chat.postMessage:{channel}", 0.2)
        assert trio.posting.chat_postMessage(channel=channel, text="hi")["ok"]
        pace.close_for(f"T1:chat.postMessage:{channel}", 60.0)

        with pytest.raises(SlackApiError, match="ratelimited"):
            trio.posting.chat_postMessage(channel=channel, text="too long a wait")


def test_retry_after_holds_for_all_processes(pace):
    with Sandbox(SandboxConfig(limits=False)) as sandbox:
        sandbox.inject_fault("ratelimited", on="views.publish", times=1, seconds=1)
        trio = Clients.single(sandbox.bot_token, sandbox.api_url, pace).for_team("T1")
        view = {"type": "home", "blocks": [{"type": "divider"}]}
        assert trio.retrying.views_publish(user_id=sandbox.actor("ada").id, view=view)["ok"]
        assert sandbox.call(lambda: sandbox.context.call_counts["views.publish"]) == 2


def test_a_long_retry_after_is_told_to_all_processes_and_not_slept_through(pace):
    with Sandbox(SandboxConfig(limits=False)) as sandbox:
        sandbox.inject_fault("ratelimited", on="views.publish", times=1, seconds=600)
        trio = Clients.single(sandbox.bot_token, sandbox.api_url, pace).for_team("T1")
        view = {"type": "home", "blocks": [{"type": "divider"}]}

        # The test's own time limit would end a wait of ten minutes.
        with pytest.raises(SlackApiError, match="ratelimited"):
            trio.retrying.views_publish(user_id=sandbox.actor("ada").id, view=view)

        assert sandbox.call(lambda: sandbox.context.call_counts["views.publish"]) == 1
        assert pace.acquire("T1:views.publish", 6000, 100) > 500
