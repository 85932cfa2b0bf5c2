"""Socket Mode that notices a dead connection within seconds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from slack_bolt import App
from slack_bolt.adapter.socket_mode.websocket_client import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.socket_mode.websocket_client import SocketModeClient
from websocket import WebSocketApp, WebSocketException

from router.log import get_log
from workers.runtime.processes import wait_until

PING_SECONDS = 7.8
PONG_SECONDS = 6.2
"""Slack's pongs take from a tenth of a second to several seconds."""
LOOK_SECONDS = 0.7
"""How often a silent connection is looked at: a dead one is noticed within the sum of these. The
library forgets a late pong with the next ping, so this must be less than the time between both."""
ACK_SECONDS = 2.0
"""How long an acknowledgement waits for the next connection; Slack waits for it three seconds."""


class HeartbeatClient(SocketModeClient):
    """The SDK's client with a time limit for pongs.

    Without one its reading thread looks only every ten seconds whether the socket was closed by
    another thread, and a reconnect waits for that (measured: 11 s at worst instead of 1.8 s).
    """

    _ended: WebSocketApp | None = None
    """The connection that ended last."""

    def send_message(self, message: str) -> None:
        """Sends an acknowledgement, on the next connection where this one has just ended.

        One that can be sent on neither is dropped: the request is stored, and Slack sends an event
        without an acknowledgement again. The SDK's own method fails then with an AttributeError,
        which ends the listener.
        """
        broken: WebSocketApp | None = None

        # Not the SDK's `is_connected`, which is true before the handshake is over.
        def is_ready() -> bool:
            return self.closed or (self.current_session is not broken and self._is_open())

        for _ in range(2):
            if not wait_until(is_ready, ACK_SECONDS):
                break

            session = self.current_session
            if _send(session, message):
                return

            broken = session

        get_log(part="socket").warning("ack_not_sent")

    def _is_open(self) -> bool:
        session = self.current_session
        return session is not None and session.sock is not None and session.sock.connected

    def _run_current_session(self) -> None:
        session = self.current_session
        if session is None:
            return

        make_dispatcher = session.create_dispatcher

        # The library waits for data as long as for a pong, and sees a missing one only after that.
        def look_often(_: float, *rest: Any) -> Any:
            return make_dispatcher(LOOK_SECONDS, *rest)

        session.create_dispatcher = look_often  # type: ignore[assignment, method-assign]
        try:
            session.run_forever(
                ping_interval=self.ping_interval,
                ping_timeout=PONG_SECONDS,
                # It is done in Python, byte by byte: a seventh of the bot's processor time.
                skip_utf8_validation=True,
            )
        finally:
            self._ended = session

    def _monitor_current_session(self) -> None:
        # The library takes a connection that has no socket yet for one that was closed: on a busy
        # machine it made a second one at the start, and forgot the first one's socket.
        session = self.current_session
        if session is None or session is self._ended:
            super()._monitor_current_session()  # type: ignore[no-untyped-call]  # the SDK leaves it so

    def enqueue_message(self, message: str | bytes) -> None:
        """Takes a frame from Slack; without the library's validation it comes as bytes."""
        if isinstance(message, bytes):
            message = message.decode("utf-8", "replace")

        super().enqueue_message(message)


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


def _send(session: WebSocketApp | None, message: str) -> bool:
    """Returns whether the message could be written to the connection."""
    if session is None:
        return False

    try:
        session.send(message)
    except (WebSocketException, OSError):
        return False

    return True
