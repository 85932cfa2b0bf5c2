"""Socket Mode as in Slack: one connection per envelope, redelivery, disconnects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import websocket
from slack_bolt import App
from slack_bolt.adapter.socket_mode.websocket_client import SocketModeHandler
from slack_sdk import WebClient

from bot.sandbox.actor import Actor
from bot.sandbox.server import Sandbox

Lines = Callable[[], Any]


def outcomes(sandbox: Sandbox, number: int) -> list[tuple[int, str]]:
    """Waits until so many attempts ended; returns the number and the outcome of each."""
    seen: list[tuple[int, str]] = []

    def keep(change: dict[str, Any]) -> None:
        if change["type"] == "delivery":
            seen.append((change["attempt"], change["outcome"]))

    sandbox.call(lambda: sandbox.workspace.subscribe(keep))
    return sandbox.wait_until(lambda _: seen if len(seen) >= number else None) or []


def test_a_connection_is_greeted(line: Lines) -> None:
    assert (line().hello["type"], line().hello["num_connections"]) == ("hello", 2)


def test_a_ticket_opens_one_connection(sandbox: Sandbox) -> None:
    client = WebClient(token=sandbox.app_token, base_url=sandbox.api_url)
    url = client.apps_connections_open(app_token=sandbox.app_token)["url"]
    websocket.create_connection(url, timeout=60).close()

    with pytest.raises(websocket.WebSocketBadStatusException):
        websocket.create_connection(url, timeout=60)


def test_the_eleventh_connection_is_turned_away(line: Lines) -> None:
    for _ in range(10):
        line()

    assert line().hello == {"type": "disconnect", "reason": "too_many_websockets"}


def test_a_mention_is_two_events_with_one_ts(line: Lines, ada: Actor) -> None:
    connection = line()
    ts = ada.say("general", "@beagle hello")
    first, second = connection.next()["payload"], connection.next()["payload"]
    assert [p["event"]["type"] for p in (first, second)] == ["app_mention", "message"]
    assert {p["event"]["ts"] for p in (first, second)} == {ts}
    assert first["event_id"] != second["event_id"]
    assert (second["event"]["channel_type"], first["event"]["text"]) == (
        "channel",
        "<@U0BEAGLE001> hello",
    )


def test_each_envelope_goes_to_one_connection_by_chance(
    line: Lines, ada: Actor, sandbox: Sandbox
) -> None:
    lines = [line() for _ in range(3)]
    for n in range(30):
        ada.dm(f"{n}")

    waiting = sandbox.call(lambda: [len(c.pending) for c in sandbox.socket.connections])
    assert sum(waiting) == 30
    assert all(waiting)
    assert len(lines) == 3


def test_an_unacknowledged_event_comes_again_at_once_after_a_minute_and_after_five(
    line: Lines, ada: Actor, sandbox: Sandbox, forward: Callable[[float], None]
) -> None:
    connection = line()
    ada.dm("hello")
    envelopes = [connection.next()]

    for silent, wait in ((3.1, 0.0), (3.1, 60.0), (3.1, 300.0)):
        forward(silent)
        sandbox.wait_until(lambda _: sandbox.context.dispatcher.counts["message"] >= 0)
        forward(wait)
        envelopes.append(connection.next())

    payloads = [e["payload"] for e in envelopes]
    assert [(e["retry_attempt"], e["retry_reason"]) for e in envelopes] == [
        (0, ""), (1, "timeout"), (2, "timeout"), (3, "timeout"),
    ]  # fmt: skip
    assert payloads[1:] == payloads[:-1]
    assert len({e["envelope_id"] for e in envelopes}) == 4


def test_an_acknowledged_event_does_not_come_again(
    line: Lines, ada: Actor, sandbox: Sandbox
) -> None:
    connection = line()
    ada.dm("hello")
    connection.acknowledge(connection.next())
    sandbox.wait_until(lambda _: not any(c.pending for c in sandbox.socket.connections))
    assert sandbox.call(lambda: sandbox.context.dispatcher.counts["retries"]) == 0


def test_what_a_lost_connection_held_goes_to_another_at_once(
    line: Lines, ada: Actor, sandbox: Sandbox
) -> None:
    first = line()
    ada.dm("hello")
    first.next()
    second = line()
    first.socket.shutdown()
    assert (
        second.next()["retry_attempt"],
        sandbox.call(lambda: len(sandbox.socket.connections)),
    ) == (1, 1)


def test_a_bot_that_connects_late_gets_what_was_said_on_the_next_attempt(
    line: Lines, ada: Actor, forward: Callable[[float], None], sandbox: Sandbox
) -> None:
    ada.dm("hello")
    sandbox.wait_until(lambda _: sandbox.context.dispatcher.counts["retries"])
    connection = line()
    forward(60)
    envelope = connection.next()
    assert (envelope["retry_attempt"], envelope["payload"]["event"]["text"]) == (2, "hello")


def test_private_talk_among_people_stays_private(line: Lines, ada: Actor) -> None:
    connection = line()
    ada.say("random", "the bot is not here")
    ada.dm("the bot hears this")
    assert connection.next()["payload"]["event"]["text"] == "the bot hears this"


def test_the_bot_hears_its_own_messages_as_bots_do(line: Lines, client: WebClient) -> None:
    connection = line()
    client.chat_postMessage(channel="#general", text="me")
    event = connection.next()["payload"]["event"]
    assert (event["bot_id"], event["type"]) == ("B0BEAGLE001", "message")


def test_an_edit_and_a_deletion_send_the_previous_message(line: Lines, ada: Actor) -> None:
    connection, ts = line(), ada.say("general", "frist")
    connection.next()
    ada.edit("general", ts, "first")
    edited = connection.next()["payload"]["event"]
    ada.delete("general", ts)
    deleted = connection.next()["payload"]["event"]
    assert (edited["subtype"], edited["message"]["text"], edited["previous_message"]["text"]) == (
        "message_changed", "first", "frist",
    )  # fmt: skip
    assert (deleted["subtype"], deleted["deleted_ts"], deleted["hidden"]) == (
        "message_deleted",
        ts,
        True,
    )


def test_a_disconnect_frame_is_followed_by_a_close_and_no_more_events(
    line: Lines, ada: Actor, sandbox: Sandbox, forward: Callable[[float], None]
) -> None:
    leaving, staying = line(), None
    sandbox.inject_fault("disconnect")
    assert leaving.next()["reason"] == "refresh_requested"
    staying = line()
    ada.dm("hello")
    assert staying.next()["payload"]["event"]["text"] == "hello"
    forward(11)
    assert leaving.socket.recv() == ""


@pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
def test_the_real_client_comes_back_after_each_sort_of_break(
    app: App, listen: Callable[[App], SocketModeHandler], sandbox: Sandbox, ada: Actor
) -> None:
    @app.event("message")
    def answer(event: dict[str, Any], say: Any) -> None:
        say(text="here", thread_ts=event["ts"])

    listen(app)
    for kind in ("close", "fin", "rst"):
        before = sandbox.call(lambda: list(sandbox.socket.connections))
        sandbox.inject_fault(kind)
        sandbox.wait_until(
            lambda _, old=before: any(c not in old for c in sandbox.socket.connections)
        )
        assert (
            ada.wait_for_answers("dm", ada.dm(f"are you there after {kind}?"))[0]["text"] == "here"
        )


def test_on_a_stale_connection_nothing_arrives_and_the_event_goes_to_another_later(
    line: Lines, ada: Actor, sandbox: Sandbox, forward: Callable[[float], None]
) -> None:
    stale = line()
    sandbox.inject_fault("stale")
    ada.dm("hello")
    healthy = line()
    sandbox.call(lambda: sandbox.socket.connections.pop(0))
    forward(3.1)
    assert (healthy.next()["retry_attempt"], stale.socket.connected) == (1, True)


def test_a_dead_slack_refuses_everything_until_it_is_back(
    sandbox: Sandbox, client: WebClient, line: Lines, ada: Actor, forward: Callable[[float], None]
) -> None:
    connection = line()
    sandbox.inject_fault("dead", seconds=5)

    with pytest.raises((ConnectionError, websocket.WebSocketException)):
        connection.next()

    with pytest.raises(OSError):  # noqa: PT011  # whichever: the server is dead
        client.auth_test()

    forward(5.1)
    assert client.auth_test()["ok"]
    assert line().hello["type"] == "hello"
