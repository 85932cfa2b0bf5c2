"""Acknowledgements over Socket Mode while connections end and begin."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator

import pytest
from slack_bolt import App
from slack_sdk import WebClient
from structlog.testing import capture_logs
from websocket import WebSocketApp

from bot.sandbox.server import Sandbox, SandboxConfig
from bot.transport import socket_mode
from bot.transport.deliveries.places import Deliveries
from bot.transport.socket_mode import HeartbeatHandler
from workers.runtime.processes import wait_until

# The SDK forgets a socket that the server closed, and the cycle collector ends it.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
SECONDS = 60.0
ACK = '{"envelope_id": "1"}'


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxConfig(limits=False, retries=(0.0, 0.5, 0.5))) as running:
        yield running


@pytest.fixture
def app(sandbox: Sandbox) -> App:
    client = WebClient(token=sandbox.bot_token, base_url=sandbox.api_url)
    return App(client=client, signing_secret="", token_verification_enabled=False)


@pytest.fixture
def handler(sandbox: Sandbox, app: App) -> Iterator[HeartbeatHandler]:
    opened = HeartbeatHandler(
        app, sandbox.app_token, WebClient(base_url=sandbox.api_url), time.time, Deliveries(100)
    )
    opened.connect()
    assert wait_until(lambda: is_connected(sandbox), SECONDS)
    yield opened
    opened.client.auto_reconnect_enabled = opened.client.default_auto_reconnect_enabled = False
    sandbox.inject_fault("rst")
    opened.close()
    del opened
    gc.collect()


def is_connected(sandbox: Sandbox) -> bool:
    return sandbox.call(lambda: sandbox.workspace.connected)


def test_a_connection_that_is_being_made_is_not_made_twice(sandbox, app):
    slack = WebClient(base_url=sandbox.api_url)
    client = HeartbeatHandler(app, sandbox.app_token, slack, time.time, Deliveries(100)).client
    client.auto_reconnect_enabled = client.current_app_monitor_started = True
    nowhere = "ws://127.0.0.1:9"
    client.current_session = WebSocketApp(nowhere)

    client._monitor_current_session()
    early = sandbox.call(lambda: sandbox.context.call_counts["apps.connections.open"])
    client._run_current_session()
    client._monitor_current_session()

    assert early == 0
    assert sandbox.call(lambda: sandbox.context.call_counts["apps.connections.open"]) == 1
    client.close()


@pytest.mark.parametrize("kind", ["rst", "fin", "close", "disconnect"])
def test_an_acknowledgement_survives_the_end_of_its_connection(handler, sandbox, kind, monkeypatch):
    # A busy machine may take longer to connect than Slack waits.
    monkeypatch.setattr("bot.transport.socket_mode.ACK_SECONDS", SECONDS)
    connections = []
    handler.client.on_open_listeners.append(connections.append)

    with capture_logs() as logs:
        sandbox.inject_fault(kind)
        while not connections:
            handler.client.send_message(ACK)

        handler.client.send_message(ACK)

    assert not [entry for entry in logs if entry["event"] == "ack_not_sent"]


def test_an_acknowledgement_without_any_connection_is_dropped_with_a_line(
    handler, sandbox, monkeypatch
):
    monkeypatch.setattr("bot.transport.socket_mode.ACK_SECONDS", 0.05)
    handler.client.auto_reconnect_enabled = handler.client.default_auto_reconnect_enabled = False
    sandbox.inject_fault("rst")
    assert wait_until(lambda: not handler.client.is_connected(), SECONDS)

    with capture_logs() as logs:
        handler.client.send_message(ACK)

    assert [entry["event"] for entry in logs] == ["ack_not_sent"]


def test_an_event_whose_connection_ended_before_the_acknowledgement_comes_again(
    handler, sandbox, app
):
    attempts = []

    # Before the acknowledgement, as the middleware that stores a request.
    @app.middleware
    def lose_the_connection(body, next):  # noqa: A002  # Bolt's name
        attempts.append(body["event_id"])
        if len(attempts) == 1:
            sandbox.inject_fault("rst")

        return next()

    app.event("app_mention")(lambda: None)
    app.event("message")(lambda: None)
    sandbox.actor("ada").say("general", "@beagle hello")

    assert wait_until(lambda: attempts.count(attempts[0]) > 1 if attempts else False, SECONDS)


def test_every_character_of_a_message_arrives(handler, sandbox, app):
    texts = []
    app.event("app_mention")(lambda event: texts.append(event["text"]))
    app.event("message")(lambda: None)
    sandbox.actor("ada").say("general", "@beagle Grüße aus 東京 👋🏽 \u200b")

    assert wait_until(lambda: bool(texts), SECONDS)
    assert texts[0].endswith("Grüße aus 東京 👋🏽 \u200b")


def test_a_pong_may_take_as_long_as_slack_s_do():
    """`beagle bench socket` counts the reconnects with such pongs; here are its three numbers."""
    assert socket_mode.PONG_SECONDS > 5.0
    # The library forgets a late pong with the next ping: it has to look in between.
    assert socket_mode.LOOK_SECONDS < socket_mode.PING_SECONDS - socket_mode.PONG_SECONDS
    # A dead peer is noticed within the sum.
    numbers = (socket_mode.PING_SECONDS, socket_mode.PONG_SECONDS, socket_mode.LOOK_SECONDS)
    assert sum(numbers) < 15.0


def test_the_connection_is_run_with_these_numbers(handler):
    client = handler.client

    assert client.ping_interval == socket_mode.PING_SECONDS
    assert client.current_session.ping_timeout == socket_mode.PONG_SECONDS
