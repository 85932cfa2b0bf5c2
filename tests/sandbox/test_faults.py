"""Injected faults: place, time and rate as configured, reproducible by seed."""

from __future__ import annotations

import json
from collections.abc import Callable
from http.client import HTTPException
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.sandbox.actor import Actor
from bot.sandbox.faults.faults import FaultError, FaultInjector, InjectedFault, parse_fault
from bot.sandbox.server import Sandbox

BROKEN = (OSError, HTTPException)
"""What the client raises for a connection that ends early; a time-out is an OSError too."""


@pytest.mark.parametrize(
    ("kind", "status", "stands"),
    [
        ("ratelimited", 429, 0),
        ("500", 500, 0),
        ("502", 502, 0),
        ("503", 503, 0),
        ("504", 504, 0),
        ("malformed", 200, 1),
    ],
)
def test_a_call_fails_as_the_fault_says(
    kind: str,
    status: int,
    stands: int,
    sandbox: Sandbox,
    client: WebClient,
    post: Callable[..., str],
    ada: Actor,
) -> None:
    sandbox.inject_fault(kind, on="chat.postMessage", times=1, seconds=7)
    with pytest.raises(SlackApiError) as caught:
        post()

    assert caught.value.response.status_code == status
    if kind == "ratelimited":
        assert caught.value.response.headers["Retry-After"] == "7"

    assert len(client.conversations_history(channel=ada.channel("general"))["messages"]) == stands
    assert post()


@pytest.mark.parametrize(("kind", "stands"), [("reset_before", 0), ("reset_after", 1)])
def test_a_reset_leaves_the_write_undone_or_done(
    kind: str,
    stands: int,
    sandbox: Sandbox,
    client: WebClient,
    post: Callable[..., str],
    ada: Actor,
) -> None:
    sandbox.inject_fault(kind, on="chat.postMessage", times=1)
    with pytest.raises(BROKEN):
        post()

    assert len(client.conversations_history(channel=ada.channel("general"))["messages"]) == stands


@pytest.mark.parametrize(("kind", "stands"), [("timeout_before", 0), ("timeout_after", 1)])
def test_a_timeout_leaves_the_write_undone_or_done(
    kind: str, stands: int, sandbox: Sandbox, client: WebClient, ada: Actor
) -> None:
    sandbox.inject_fault(kind, on="chat.postMessage", times=1, seconds=30)
    hasty = WebClient(
        token=sandbox.bot_token, base_url=sandbox.api_url, timeout=0.3, retry_handlers=[]
    )

    with pytest.raises(BROKEN):
        hasty.chat_postMessage(channel="#general", text="hello")

    assert len(client.conversations_history(channel=ada.channel("general"))["messages"]) == stands


def test_only_the_call_meant_is_hit(
    sandbox: Sandbox, client: WebClient, post: Callable[..., str]
) -> None:
    sandbox.inject_fault("500", on="chat.postMessage", nth=2)
    post()
    client.auth_test()

    with pytest.raises(SlackApiError):
        post()

    post()


def test_the_same_seed_gives_the_same_faults() -> None:
    def hits(seed: int) -> list[bool]:
        faults = FaultInjector(seed)
        faults.add(InjectedFault("500", share=0.5))
        return [faults.match_call("auth.test") is not None for _ in range(64)]

    assert hits(1) == hits(1)
    assert hits(1) != hits(2)
    assert 16 < sum(hits(1)) < 48


def test_a_fault_strikes_no_more_often_than_it_says() -> None:
    faults = FaultInjector()
    faults.add(InjectedFault("502", times=2))
    assert [faults.match_call("a.b") is not None for _ in range(4)] == [True, True, False, False]
    assert (faults.describe()[0]["matched"], faults.describe()[0]["struck"]) == (4, 2)


@pytest.mark.parametrize(
    "described",
    [
        {"kind": "explode"},
        {"kind": "500", "colour": "red"},
        {"kind": "500", "share": 2},
        {"kind": "500", "share": True},
        {"kind": "500", "nth": 0},
        {"kind": "500", "times": 1.5},
        {"kind": "delay", "seconds": -1},
        {"kind": "500", "on": None},
        {},
        "500",
        None,
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(described: Any) -> None:
    with pytest.raises(FaultError, match="reading fault"):
        parse_fault(described)


def test_a_duplicate_is_the_same_event_twice(
    sandbox: Sandbox, line: Callable[[], Any], ada: Actor
) -> None:
    connection = line()
    sandbox.inject_fault("duplicate", on="message", times=1)
    ada.dm("once")
    first, second = connection.next(), connection.next()
    assert first["payload"] == second["payload"]
    assert first["envelope_id"] != second["envelope_id"]


def test_a_reordered_event_comes_after_the_next(
    sandbox: Sandbox, line: Callable[[], Any], ada: Actor
) -> None:
    connection = line()
    sandbox.inject_fault("reorder", times=1)
    ada.dm("first")
    ada.dm("second")
    assert [connection.next()["payload"]["event"]["text"] for _ in range(2)] == ["second", "first"]


def test_a_delayed_event_comes_late(
    sandbox: Sandbox, line: Callable[[], Any], ada: Actor, forward: Callable[[float], None]
) -> None:
    connection = line()
    sandbox.inject_fault("delay", times=1, seconds=20)
    ada.dm("slow")
    ada.dm("quick")
    assert connection.next()["payload"]["event"]["text"] == "quick"
    forward(20)
    assert connection.next()["payload"]["event"]["text"] == "slow"


@pytest.mark.parametrize(("kind", "copies"), [("drop", 1), ("unacked", 2)])
def test_a_lost_event_or_acknowledgement_brings_a_retry(
    kind: str, copies: int, sandbox: Sandbox, line: Callable[[], Any], ada: Actor
) -> None:
    connection = line()
    sandbox.inject_fault(kind, times=1)
    ada.dm("hello")

    for _ in range(copies):
        envelope = connection.next()
        connection.acknowledge(envelope)

    assert (envelope["retry_attempt"], envelope["retry_reason"]) == (1, "timeout")


def test_an_uninstalled_app_hears_of_it_and_can_do_nothing_more(
    sandbox: Sandbox, line: Callable[[], Any], client: WebClient
) -> None:
    connection = line()
    sandbox.inject_fault("uninstall")
    assert [connection.next()["payload"]["event"]["type"] for _ in range(2)] == [
        "tokens_revoked",
        "app_uninstalled",
    ]

    with pytest.raises(SlackApiError, match="token_revoked"):
        client.auth_test()


def test_cleared_faults_strike_no_more(sandbox: Sandbox, client: WebClient) -> None:
    sandbox.inject_fault("500")
    sandbox.clear_faults()
    assert json.loads(json.dumps(client.auth_test().data))["ok"]
