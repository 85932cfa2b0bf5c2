"""The sandbox's control API: loopback only, for other processes and the page."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from websocket import WebSocketBadStatusException, create_connection

from bot.sandbox.actions import VERBS
from bot.sandbox.actor import Actor
from bot.sandbox.server import Sandbox, SandboxConfig, SandboxError
from bot.sandbox.web import control

Json = dict[str, Any]
Ask = Callable[..., tuple[int, Json]]


@pytest.fixture
def ask(sandbox: Sandbox) -> Ask:
    """GET, or POST where a body is given; gives the status and the JSON answer."""

    def send(path: str, body: Any = None, **headers: str) -> tuple[int, Json]:
        data = None if body is None else json.dumps(body).encode()
        kind = {"Content-Type": "application/json"} if data is not None else {}
        kind["X-Sandbox-Token"] = sandbox.context.page_token
        request = urllib.request.Request(f"{sandbox.url}sandbox/{path}", data, {**kind, **headers})

        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, json.load(refused)

    return send


def test_somebody_can_act_and_the_state_shows_it(ask: Ask) -> None:
    _, said = ask("act/say", {"user": "ada", "channel": "#general", "text": "hello"})
    _, state = ask("state?user=ada")
    assert state["messages"]["C0GENERAL00"][-1]["ts"] == said["ts"]
    assert (state["me"]["name"], state["bot"]["name"], state["connected"]) == (
        "ada",
        "beagle",
        False,
    )


def test_everybody_sees_their_own_state(ask: Ask, client: WebClient, ada: Actor) -> None:
    client.chat_postEphemeral(channel=ada.channel("general"), user=ada.id, text="psst")
    ada.say("leads", "secret")
    ada.dm("private")
    hers, his = ask("state?user=ada")[1], ask("state?user=linus")[1]
    assert (len(hers["ephemerals"]), len(his["ephemerals"])) == (1, 0)
    assert {c["name"] for c in hers["channels"]} - {c["name"] for c in his["channels"]} == {"leads"}
    assert "secret" not in json.dumps(his)
    assert "private" not in json.dumps(his["messages"])


@pytest.mark.parametrize(
    ("path", "body", "status", "error"),
    [
        ("act/fly", {"user": "ada"}, 404, "unknown_verb"),
        ("act/say", {"user": "nobody", "channel": "general", "text": "x"}, 404, "user_not_found"),
        ("act/say", {"user": "beagle", "channel": "general", "text": "x"}, 404, "user_not_found"),
        ("act/say", {"user": "ada", "channel": "general"}, 400, "invalid_arguments"),
        ("act/say", {"user": "ada", "channel": "general", "text": 7}, 400, "invalid_arguments"),
        (
            "act/say",
            {"user": "ada", "channel": "general", "text": "x", "platform": 1},
            400,
            "invalid_arguments",
        ),
        (
            "act/say",
            {"user": "ada", "channel": "general", "text": "\ud800"},
            400,
            "invalid_arguments",
        ),
        (
            "act/say",
            {"user": "ada", "channel": "general", "text": "x", "files": [{}]},
            400,
            "invalid_arguments",
        ),
        ("act/say", ["ada"], 400, "invalid_json"),
        ("faults", {"add": [{"kind": "explode"}]}, 400, "invalid_fault"),
        ("faults", {"add": 7}, 400, "invalid_fault"),
        ("limits", {"on": "yes"}, 400, "invalid_arguments"),
        ("request_url", {"url": "http://example.com/"}, 400, "invalid_url"),
    ],
)
def test_a_wrong_request_is_refused_with_its_reason(
    ask: Ask, path: str, body: Any, status: int, error: str
) -> None:
    found, answer = ask(path, body)
    assert (found, answer["ok"], answer["error"]) == (status, False, error)
    assert answer["detail"]


def test_faults_are_set_and_cleared_from_outside(ask: Ask, client: WebClient) -> None:
    ask("faults", {"add": [{"kind": "503", "on": "auth.test", "times": 1}]})
    assert ask("faults")[1]["faults"][0]["kind"] == "503"

    with pytest.raises(SlackApiError) as caught:
        client.auth_test()

    assert caught.value.response.status_code == 503
    ask("faults", {"clear": True})
    assert ask("faults")[1]["faults"] == []


def test_calls_and_errors_are_counted(ask: Ask, client: WebClient) -> None:
    client.auth_test()
    with pytest.raises(SlackApiError, match="unknown_method"):
        client.api_call("chat.shout")

    counted = ask("calls")[1]
    assert (counted["calls"]["auth.test"], counted["errors"]) == (1, {"unknown_method": 1})


def test_a_thread_can_be_read(ask: Ask, ada: Actor) -> None:
    root = ada.say("general", "root")
    ada.say("general", "reply", thread_ts=root)
    ada.say("general", "elsewhere")
    assert [
        m["text"] for m in ask(f"messages?channel=general&thread_ts={root}")[1]["messages"]
    ] == ["root", "reply"]
    assert ask("messages?channel=nowhere")[0] == 404


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Content-Type": "text/plain"},
    ],
)
def test_a_foreign_page_cannot_act(
    ask: Ask, ada: Actor, sandbox: Sandbox, headers: dict[str, str]
) -> None:
    status, _ = ask("act/say", {"user": "ada", "channel": "general", "text": "hacked"}, **headers)
    assert status == 403
    assert sandbox.call(lambda: len(sandbox.workspace.messages["C0GENERAL00"])) == 0


def test_the_pages_own_origin_may_act(ask: Ask, sandbox: Sandbox) -> None:
    own = sandbox.url.rstrip("/")
    assert ask("act/dm", {"user": "ada", "text": "hi"}, Origin=own)[0] == 200


@pytest.fixture
def changes(sandbox: Sandbox) -> Callable[..., Iterator[Json]]:
    """Follows the server-sent events about messages."""

    def follow(query: str = "") -> Iterator[Json]:
        with urllib.request.urlopen(
            f"{sandbox.url}sandbox/events?{query}&token={sandbox.context.page_token}", timeout=60
        ) as answer:
            for line in answer:
                change = json.loads(line[6:]) if line.startswith(b"data: ") else {"type": ""}
                if change["type"] in ("message", "reset"):
                    yield change

    return follow


def test_changes_are_followed_from_where_a_page_stopped(
    changes: Callable[..., Iterator[Json]], ada: Actor
) -> None:
    ada.say("general", "one")
    ada.say("general", "two")
    feed = changes("after=0")
    seen = [next(feed)["message"]["text"] for _ in range(2)]
    ada.say("general", "three")
    assert [*seen, next(feed)["message"]["text"]] == ["one", "two", "three"]
    feed.close()


def test_a_person_gets_no_events_of_others_private_things(
    changes: Callable[..., Iterator[Json]], ada: Actor, sandbox: Sandbox
) -> None:
    ada.dm("private")
    ada.say("leads", "secret")
    sandbox.actor("linus").say("general", "public")
    feed = changes("user=linus&after=0")
    assert next(feed)["message"]["text"] == "public"
    feed.close()


def test_the_page_follows_the_same_changes_over_a_socket(sandbox: Sandbox, ada: Actor) -> None:
    ada.say("general", "one")
    address = f"{sandbox.url}sandbox/events?user=ada&after=0&token={sandbox.context.page_token}"
    socket = create_connection(address.replace("http", "ws", 1), timeout=60)
    seen = []
    while len(seen) < 2:
        change = json.loads(socket.recv())
        if change["type"] == "message":
            seen.append(change["message"]["text"])
            if len(seen) == 1:
                ada.say("general", "two")

    socket.close()
    assert seen == ["one", "two"]


def test_another_sites_page_opens_no_socket(sandbox: Sandbox) -> None:
    address = f"{sandbox.url}sandbox/events?token={sandbox.context.page_token}"
    with pytest.raises(WebSocketBadStatusException, match="403"):
        create_connection(address.replace("http", "ws", 1), origin="http://evil.example")


def test_a_page_that_missed_too_many_events_reloads_its_state(
    changes: Callable[..., Iterator[Json]],
) -> None:
    feed = changes("after=999999")
    assert next(feed) == {"type": "reset"}
    feed.close()


def test_every_verb_is_described(ask: Ask) -> None:
    assert [verb for verb in VERBS if f"\n    {verb} " not in (control.__doc__ or "")] == []


def test_the_page_is_served_and_permalinks_lead_to_it(
    sandbox: Sandbox, client: WebClient, ada: Actor
) -> None:
    ts = ada.say("general", "here")

    link = client.chat_getPermalink(channel=ada.channel("general"), message_ts=ts)["permalink"]
    with urllib.request.urlopen(link, timeout=60) as page:
        assert page.url == f"{sandbox.url}?channel={ada.channel('general')}&ts={ts}"
        assert page.headers["Content-Type"].startswith("text/html")


def test_a_sandbox_listens_to_this_machine_only() -> None:
    with pytest.raises(SandboxError, match="only loopback"):
        Sandbox(SandboxConfig(host="0.0.0.0"))


def test_a_taken_port_is_named(sandbox: Sandbox) -> None:
    port = int(sandbox.url.rstrip("/").rpartition(":")[2])
    with pytest.raises(SandboxError, match=f"127.0.0.1:{port}: another program uses") as refused:
        Sandbox(SandboxConfig(port=port)).start()

    assert "Errno" not in str(refused.value)


def test_a_stopped_sandbox_says_so(ada: Actor, sandbox: Sandbox) -> None:
    sandbox.stop()
    sandbox.stop()

    with pytest.raises(SandboxError, match="not running"):
        ada.dm("anybody?")


def test_a_stopped_sandbox_can_start_again_with_all_that_was_said(
    ada: Actor, sandbox: Sandbox
) -> None:
    ts = ada.say("general", "still here")
    sandbox.stop()
    sandbox.start()
    assert [m["text"] for m in ada.thread("general", ts)] == ["still here"]
