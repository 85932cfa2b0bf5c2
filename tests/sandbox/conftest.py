"""A sandbox with a manual clock, and the real Slack clients against it."""

from __future__ import annotations

import gc
import json
import logging
import threading
import warnings
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import websocket
from slack_bolt import App
from slack_bolt.adapter.socket_mode.websocket_client import SocketModeHandler
from slack_sdk import WebClient

from bot.sandbox.actor import Actor
from bot.sandbox.clock import ManualClock
from bot.sandbox.limits.token_scopes import BOT_EVENTS, BOT_SCOPES
from bot.sandbox.server import Sandbox, SandboxConfig

Json = dict[str, Any]


@pytest.fixture
def time() -> ManualClock:
    return ManualClock()


@pytest.fixture
def sandbox(time: ManualClock) -> Iterator[Sandbox]:
    # The emulator knows more methods and events than the app's manifest asks for.
    scopes = (*BOT_SCOPES, "channels:join", "reactions:write", "users:read.email")
    events = (*BOT_EVENTS, "reaction_added")
    with Sandbox(SandboxConfig(clock=time, scopes=scopes, events=events)) as running:
        yield running


@pytest.fixture
def forward(sandbox: Sandbox, time: ManualClock) -> Callable[[float], None]:
    """Move the sandbox's time."""
    return lambda seconds: sandbox.call(lambda: time.advance(seconds))


@pytest.fixture
def client(sandbox: Sandbox) -> WebClient:
    return WebClient(
        token=sandbox.bot_token, base_url=sandbox.api_url, retry_handlers=[], timeout=60
    )


@pytest.fixture
def ada(sandbox: Sandbox) -> Actor:
    return sandbox.actor("ada")


@pytest.fixture
def post(client: WebClient) -> Callable[..., str]:
    """Post as the bot in #general; gives the ts."""
    return lambda text="hello", **more: str(
        client.chat_postMessage(channel="#general", text=text, **more)["ts"]
    )


class Line:
    """One raw Socket Mode connection, driven by a test."""

    def __init__(self, sandbox: Sandbox) -> None:
        opened = WebClient(token=sandbox.app_token, base_url=sandbox.api_url).apps_connections_open(
            app_token=sandbox.app_token
        )
        self.socket = websocket.create_connection(opened["url"], timeout=60)
        self.hello = self.next()

    def next(self) -> Json:
        return json.loads(self.socket.recv())

    def acknowledge(self, envelope: Json, payload: Any = None) -> None:
        answer = {"envelope_id": envelope["envelope_id"]} | (
            {} if payload is None else {"payload": payload}
        )
        self.socket.send(json.dumps(answer))


@pytest.fixture
def line(sandbox: Sandbox) -> Iterator[Callable[[], Line]]:
    """Opens raw Socket Mode connections."""
    opened: list[Line] = []

    def connect() -> Line:
        opened.append(Line(sandbox))
        return opened[-1]

    yield connect
    for one in opened:
        one.socket.shutdown()


@pytest.fixture
def listen(sandbox: Sandbox, client: WebClient) -> Iterator[Callable[[App], SocketModeHandler]]:
    """Runs a Bolt app over Socket Mode, with the handler the product uses."""
    running: list[SocketModeHandler] = []
    logging.getLogger("slack_bolt").setLevel(logging.CRITICAL)

    def start(app: App) -> SocketModeHandler:
        handler = SocketModeHandler(app, sandbox.app_token)
        handler.connect()
        running.append(handler)
        sandbox.wait_until(lambda workspace: workspace.connected)

        return handler

    yield start
    for handler in running:
        _close(sandbox, handler)

    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", ResourceWarning
        )  # the client forgets a socket that the server closed
        gc.collect()


def _close(sandbox: Sandbox, handler: SocketModeHandler) -> None:
    """Resets the connection first, because the client checks its own end every ten seconds only."""
    handler.client.auto_reconnect_enabled = handler.client.default_auto_reconnect_enabled = False
    noticed = threading.Event()
    handler.client.on_close_listeners.append(lambda _: noticed.set())
    sandbox.inject_fault("rst")
    noticed.wait(5)
    handler.close()


@pytest.fixture
def app(client: WebClient) -> App:
    return App(client=client, token=None)


class Endpoint:
    """An HTTP server with an answer set by the test; keeps what it receives."""

    def __init__(self) -> None:
        self.seen: list[tuple[dict[str, str], str]] = []
        self.answer: Callable[[str], tuple[int, dict[str, str], str]] = self._challenge
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                outer.seen.append(({k.lower(): v for k, v in self.headers.items()}, body))
                status, headers, text = outer.answer(body)
                self.send_response(status)

                for name, value in {**headers, "Content-Length": str(len(text))}.items():
                    self.send_header(name, value)

                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/slack/events"

    def _challenge(self, body: str) -> tuple[int, dict[str, str], str]:
        said = json.loads(body) if body.startswith("{") else {}
        return 200, {}, said.get("challenge", "")

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    running = Endpoint()
    yield running
    running.stop()
