"""Socket Mode that notices a dead connection within seconds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from slack_bolt import App
from slack_bolt.adapter.socket_mode.websocket_client import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.socket_mode.websocket_client import SocketModeClient

PING_SECONDS = 7.8
PONG_SECONDS = 6.2
"""Slack's pongs take from a tenth of a second to several seconds."""
LOOK_SECONDS = 0.7
"""How often a silent connection is looked at: a dead one is noticed within the sum of these. The
library forgets a late pong with the next ping, so this must be less than the time between both."""


class HeartbeatClient(SocketModeClient):
    """The SDK's client with a time limit for pongs.

    Without one its reading thread looks only every ten seconds whether the socket was closed by
    another thread, and a reconnect waits for that (measured: 11 s at worst instead of 1.8 s).
    """

    def _run_current_session(self) -> None:
        session = self.current_session
        if session is None:
            return

        make_dispatcher = session.create_dispatcher

        # The library waits for data as long as for a pong, and sees a missing one only after that.
        def look_often(_: float, *rest: Any) -> Any:
            return make_dispatcher(LOOK_SECONDS, *rest)

        session.create_dispatcher = look_often  # type: ignore[assignment, method-assign]
        session.run_forever(ping_interval=self.ping_interval, ping_timeout=PONG_SECONDS)


class HeartbeatHandler(SocketModeHandler):
    """Bolt's handler with a `HeartbeatClient`.

    `opened_at` is when the current connection was opened; None before the first one.
    """

    def __init__(self, app: App, token: str, client: WebClient, now: Callable[[], float]) -> None:
        # Not `super().__init__`: it would open a client of its own.
        self.app = app
        self.app_token = token
        self.opened_at: float | None = None
        self._now = now
        self.client = HeartbeatClient(
            app_token=token, logger=app.logger, web_client=client, ping_interval=PING_SECONDS
        )
        listeners = self.client.socket_mode_request_listeners
        listeners.append(self.handle)  # type: ignore[arg-type]  # as Bolt itself does
        # The SDK calls this on each connection, also on a reconnect.
        self.client.on_open_listeners.append(self._note_opening)

    def _note_opening(self, _: object) -> None:
        self.opened_at = self._now()
