"""Slack's pace holds for all processes together, and what Slack says to wait holds for all of them."""

from __future__ import annotations

import pytest
from slack_sdk.errors import SlackApiError

from bot.sandbox.server import Sandbox, Setup
from bot.transport.clients import HELD, Clients, code
from workers.runtime.rate_limit import Pace


@pytest.fixture
def pace(broker):
    made = Pace(broker.url)
    yield made
    made.close()


def test_two_processes_share_one_bucket(pace, broker):
    other = Pace(broker.url)
    taken = [one.take("a", 60, 4) for one in (pace, other) * 3]
    other.close()
    assert taken[:4] == [0.0] * 4
    assert all(0 < wait <= 1.0 for wait in taken[4:])


def test_buckets_are_apart(pace):
    assert pace.take("a", 60) == 0
    assert pace.take("a", 60) > 0
    assert pace.take("b", 60) == 0


def test_what_slack_says_to_one_holds_for_all(pace, broker):
    other = Pace(broker.url)
    pace.shut("a", 5.0)
    wait = other.take("a", 6000, 100)
    other.close()
    assert 4.0 < wait <= 5.0


def test_without_redis_nothing_is_held_back():
    assert Pace("redis://127.0.0.1:1/0").take("a", 1) == 0.0


def test_a_nicety_without_room_is_left_out_and_an_answer_waits_for_its_turn(pace):
    with Sandbox(Setup(limits=False)) as sandbox:
        ada = sandbox.actor("ada")
        ts, channel = ada.say("general", "hello"), ada.channel("general")
        trio = Clients.single(sandbox.bot_token, sandbox.api_url, pace).of("T1")
        pace.shut("T1:chat.startStream", 30.0)

        with pytest.raises(SlackApiError) as caught:
            trio.nicety.chat_startStream(channel=channel, thread_ts=ts)

        assert code(caught.value) == HELD
        pace.shut(f"T1:chat.postMessage:{channel}", 0.2)
        assert trio.poster.chat_postMessage(channel=channel, text="hi")["ok"]
        pace.shut(f"T1:chat.postMessage:{channel}", 60.0)

        with pytest.raises(SlackApiError, match="ratelimited"):
            trio.poster.chat_postMessage(channel=channel, text="too long a wait")


def test_retry_after_is_told_to_everybody(pace):
    with Sandbox(Setup(limits=False)) as sandbox:
        sandbox.fault("ratelimited", on="views.publish", times=1, seconds=1)
        trio = Clients.single(sandbox.bot_token, sandbox.api_url, pace).of("T1")
        view = {"type": "home", "blocks": [{"type": "divider"}]}
        assert trio.patient.views_publish(user_id=sandbox.actor("ada").id, view=view)["ok"]
        assert sandbox.call(lambda: sandbox.platform.calls["views.publish"]) == 2
