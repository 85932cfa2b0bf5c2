"""A request URL gets signed requests, Slack's challenge first, and Slack's retries."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from slack_bolt import App
from slack_bolt.adapter.wsgi import SlackRequestHandler
from slack_sdk import WebClient
from slack_sdk.signature import Clock, SignatureVerifier

from bot.sandbox.actor import Actor
from bot.sandbox.clock import ManualClock
from bot.sandbox.delivery.signed_http import RequestUrlError
from bot.sandbox.server import Sandbox, SandboxConfig

Json = dict[str, Any]


class At(Clock):
    def __init__(self, time: float) -> None:
        self.time = time

    def now(self) -> float:
        return self.time


def attempts(sandbox: Sandbox, number: int) -> None:
    sandbox.wait_until(
        lambda _: (
            sandbox.context.dispatcher.counts["message"] >= number and _settled(sandbox, number)
        )
    )


def _settled(sandbox: Sandbox, number: int) -> bool:
    return sandbox.context.dispatcher.finished >= number


def test_a_url_that_does_not_know_the_challenge_is_refused(sandbox: Sandbox, endpoint: Any) -> None:
    endpoint.answer = lambda body: (200, {}, "hello")
    with pytest.raises(RequestUrlError, match="instead of the challenge"):
        sandbox.use_request_url(endpoint.url)

    with pytest.raises(RequestUrlError, match="this machine only"):
        sandbox.use_request_url("https://example.com/slack/events")


def test_every_request_is_signed_as_slack_signs(
    sandbox: Sandbox, endpoint: Any, ada: Actor, time: ManualClock
) -> None:
    sandbox.use_request_url(endpoint.url)
    ada.dm("hello")
    attempts(sandbox, 1)
    verifier = SignatureVerifier(sandbox.signing_secret, At(time.now()))
    assert all(verifier.is_valid_request(body, headers) for headers, body in endpoint.seen)
    assert [json.loads(body)["type"] for _, body in endpoint.seen] == [
        "url_verification",
        "event_callback",
    ]


def test_a_failed_event_comes_again_at_once_after_a_minute_and_after_five(
    sandbox: Sandbox, endpoint: Any, ada: Actor, forward: Callable[[float], None]
) -> None:
    sandbox.use_request_url(endpoint.url)
    endpoint.answer = lambda body: (500, {}, "")
    ada.dm("hello")
    attempts(sandbox, 2)
    forward(59)
    assert sandbox.call(lambda: sandbox.context.dispatcher.counts["message"]) == 2
    forward(1)
    attempts(sandbox, 3)
    forward(300)
    sandbox.wait_until(lambda _: sandbox.context.dispatcher.counts["given_up"])
    headers = [headers for headers, _ in endpoint.seen[1:]]
    assert [h.get("x-slack-retry-num") for h in headers] == [None, "1", "2", "3"]
    assert [h.get("x-slack-retry-reason") for h in headers] == [
        None,
        "http_error",
        "http_error",
        "http_error",
    ]

    assert len({json.loads(body)["event_id"] for _, body in endpoint.seen[1:]}) == 1


def test_an_answer_can_forbid_retries(sandbox: Sandbox, endpoint: Any, ada: Actor) -> None:
    sandbox.use_request_url(endpoint.url)
    endpoint.answer = lambda body: (500, {"X-Slack-No-Retry": "1"}, "")
    ada.dm("hello")
    attempts(sandbox, 1)
    endpoint.answer = lambda body: (200, {}, "")
    ada.dm("again")
    attempts(sandbox, 2)
    assert sandbox.call(lambda: sandbox.context.dispatcher.counts["retries"]) == 0


def test_silence_for_three_seconds_is_a_timeout(
    sandbox: Sandbox, endpoint: Any, ada: Actor, forward: Callable[[float], None]
) -> None:
    sandbox.use_request_url(endpoint.url)
    asked, go_on = threading.Event(), threading.Event()

    def silent(_: str) -> tuple[int, dict[str, str], str]:
        asked.set()
        go_on.wait(60)
        return 200, {}, ""

    endpoint.answer = silent
    ada.dm("hello")
    assert asked.wait(60)
    endpoint.answer = lambda body: (200, {}, "")
    forward(3.1)
    attempts(sandbox, 2)
    go_on.set()
    assert endpoint.seen[-1][0]["x-slack-retry-reason"] == "http_timeout"


def test_a_command_and_a_click_come_as_forms(
    sandbox: Sandbox, endpoint: Any, ada: Actor, client: WebClient
) -> None:
    sandbox.use_request_url(endpoint.url)
    endpoint.answer = lambda body: (200, {"Content-Type": "application/json"}, '{"text": "done"}')
    assert ada.slash("general", "/beagle", "stats 7d")
    form = parse_qs(endpoint.seen[-1][1])
    assert (form["command"], form["text"], form["user_name"]) == (
        ["/beagle"],
        ["stats 7d"],
        ["ada"],
    )

    assert [m["text"] for m in ada.ephemerals("general")] == ["done"]
    button = {
        "type": "button",
        "action_id": "go",
        "text": {"type": "plain_text", "text": "Go"},
        "value": "1",
    }

    ts = client.chat_postMessage(
        channel="#general", text="x", blocks=[{"type": "actions", "elements": [button]}]
    )["ts"]
    sent = len(endpoint.seen)
    assert ada.click("general", ts, "go")
    kinds = [parse_qs(body).get("payload") for _, body in endpoint.seen[sent:]]
    payload = json.loads(next(kind for kind in kinds if kind)[0])
    assert (payload["type"], payload["actions"][0]["value"]) == ("block_actions", "1")


def test_a_command_nobody_answers_is_complained_about(
    sandbox: Sandbox, endpoint: Any, ada: Actor
) -> None:
    sandbox.use_request_url(endpoint.url)
    endpoint.answer = lambda body: (500, {}, "")
    assert ada.slash("general", "/beagle") is False
    assert [m["text"] for m in ada.ephemerals("general")] == [
        '/beagle failed with the error "dispatch_failed"'
    ]


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def live() -> Iterator[Sandbox]:
    """On the real clock: Bolt checks how old a signature is."""
    with Sandbox(SandboxConfig(limits=False)) as sandbox:
        yield sandbox


def test_a_real_bolt_app_answers_over_http(live: Sandbox) -> None:
    client = WebClient(token=live.bot_token, base_url=live.api_url)
    app = App(client=client, token=None, signing_secret=live.signing_secret)

    @app.event("app_mention")
    def answer(event: Json, say: Any) -> None:
        say(text="yes?", thread_ts=event["ts"])

    @app.event("message")
    def ignore() -> None:
        pass

    with make_server("127.0.0.1", 0, SlackRequestHandler(app), handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()

        try:
            live.use_request_url(f"http://127.0.0.1:{server.server_port}/slack/events")
            ada = live.actor("ada")
            assert (
                ada.wait_for_answers("general", ada.say("general", "@beagle hello"))[0]["text"]
                == "yes?"
            )
            live.use_request_url("")
        finally:
            server.shutdown()
            thread.join()
