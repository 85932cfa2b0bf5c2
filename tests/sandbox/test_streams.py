"""Streams grow, close, run out, and show their tasks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.sandbox.actor import Actor
from bot.sandbox.server import Sandbox


def word(call: Callable[..., Any], **arguments: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        call(**arguments)

    return str(caught.value.response["error"])


@pytest.fixture
def place(ada: Actor) -> dict[str, str]:
    return {
        "channel": ada.channel("general"),
        "thread_ts": ada.say("general", "@beagle hi"),
        "recipient_team_id": "T0SANDBOX01",
        "recipient_user_id": ada.id,
    }


def test_a_stream_grows_and_is_complete_when_stopped(
    client: WebClient, ada: Actor, place: dict[str, str]
) -> None:
    stream = client.chat_stream(**place, buffer_size=1)
    stream.append(markdown_text="**one** ")
    assert ada.answers("general", place["thread_ts"]) == []
    stream.append(markdown_text="two")
    stream.stop(blocks=[{"type": "divider"}], metadata={"event_type": "e", "event_payload": {}})
    (answer,) = ada.answers("general", place["thread_ts"])
    assert answer["text"] == "**one** two"
    assert [block["type"] for block in answer["blocks"]] == ["markdown", "divider"]
    assert answer["metadata"]["event_type"] == "e"


def test_a_stopped_stream_takes_nothing_more(client: WebClient, place: dict[str, str]) -> None:
    ts = client.chat_startStream(**place)["ts"]
    client.chat_stopStream(channel=place["channel"], ts=ts)
    again = {"channel": place["channel"], "ts": ts, "markdown_text": "x"}
    assert word(client.chat_appendStream, **again) == "message_not_in_streaming_state"


def test_a_stream_runs_out_although_it_grows_and_can_then_be_updated(
    client: WebClient, place: dict[str, str], forward: Callable[[float], None]
) -> None:
    ts = client.chat_startStream(**place, markdown_text="a")["ts"]
    message = {"channel": place["channel"], "ts": ts}
    forward(200)
    client.chat_appendStream(**message, markdown_text="b")
    assert word(client.chat_update, **message, text="x") == "streaming_state_conflict"
    forward(101)
    assert word(client.chat_appendStream, **message, markdown_text="c") == (
        "message_not_in_streaming_state"
    )
    assert client.chat_update(**message, text="x")["ok"]


def test_a_stream_keeps_the_form_that_it_began_with(
    client: WebClient, place: dict[str, str]
) -> None:
    chunks = [{"type": "markdown_text", "text": "x"}]
    for first, other in (
        ({"markdown_text": "x"}, {"chunks": chunks}),
        ({"chunks": chunks}, {"markdown_text": "x"}),
    ):
        ts = client.chat_startStream(**place, **first)["ts"]
        message = {"channel": place["channel"], "ts": ts}
        assert word(client.chat_appendStream, **message, **other) == "streaming_mode_mismatch"
        assert word(client.chat_stopStream, **message, **other) == "streaming_mode_mismatch"
        assert client.chat_appendStream(**message, **first)["ok"]


def test_an_open_stream_is_stopped_before_it_is_deleted(
    client: WebClient, ada: Actor, place: dict[str, str]
) -> None:
    ts = client.chat_startStream(**place, markdown_text="x")["ts"]
    message = {"channel": place["channel"], "ts": ts}
    assert word(client.chat_delete, **message) == "cant_delete_message"
    client.chat_stopStream(**message)
    client.chat_delete(**message)
    assert ada.answers("general", place["thread_ts"]) == []


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"recipient_user_id": None}, "missing_recipient_user_id"),
        ({"recipient_team_id": None}, "missing_recipient_team_id"),
        ({"thread_ts": "1.000001"}, "thread_not_found"),
        ({"channel": "#random"}, "not_in_channel"),
        ({"markdown_text": "x" * 12_001}, "msg_too_long"),
        (
            {"markdown_text": "x", "chunks": [{"type": "markdown_text", "text": "y"}]},
            "invalid_arguments",
        ),
        ({"chunks": [{"type": "shout", "text": "y"}]}, "invalid_chunks"),
        ({"chunks": [{"type": "task_update", "title": "no id"}]}, "invalid_chunks"),
    ],
)
def test_a_stream_that_slack_refuses_is_refused(
    client: WebClient, ada: Actor, place: dict[str, str], change: dict[str, Any], error: str
) -> None:
    assert word(client.chat_startStream, **(place | change)) == error
    assert len(ada.thread("general", place["thread_ts"])) == 1


def test_tasks_show_their_last_state_once(
    client: WebClient, ada: Actor, place: dict[str, str]
) -> None:
    task = {"type": "task_update", "id": "1", "title": "Choose a route"}
    ts = client.chat_startStream(**place, chunks=[{**task, "status": "in_progress"}])["ts"]
    client.chat_stopStream(
        channel=place["channel"], ts=ts, chunks=[{**task, "status": "complete", "output": "rag"}]
    )
    (card,) = ada.answers("general", place["thread_ts"])[0]["blocks"]
    assert (card["type"], card["status"], card["output"]["type"]) == (
        "task_card",
        "complete",
        "rich_text",
    )


def test_in_plan_mode_tasks_are_in_one_plan(
    client: WebClient, ada: Actor, place: dict[str, str]
) -> None:
    chunks = [
        {"type": "plan_update", "title": "How"},
        {"type": "task_update", "id": "1", "title": "Look"},
    ]
    ts = client.chat_startStream(**place, task_display_mode="plan", chunks=chunks)["ts"]
    client.chat_stopStream(channel=place["channel"], ts=ts, session_status="active")
    (plan,) = ada.answers("general", place["thread_ts"])[0]["blocks"]
    assert (plan["title"], [task["title"] for task in plan["tasks"]]) == ("How", ["Look"])


def test_a_person_stops_the_streams_of_a_thread(
    sandbox: Sandbox, client: WebClient, ada: Actor, place: dict[str, str], line: Callable[[], Any]
) -> None:
    ts = client.chat_startStream(**place, markdown_text="x")["ts"]
    connection = line()
    ada.stop("general", place["thread_ts"])
    event = connection.next()["payload"]["event"]
    assert (event["type"], event["streaming_message_ts"], event["thread_ts"]) == (
        "agent_session_stopped",
        [ts],
        place["thread_ts"],
    )

    stopped = {"channel": place["channel"], "ts": ts, "markdown_text": "y"}
    assert word(client.chat_appendStream, **stopped) == "stopped_by_user"
