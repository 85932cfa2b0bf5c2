"""Socket Mode that notices a dead connection within seconds, and holds few events at a time."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from queue import Full
from typing import Any

from slack_bolt import App
from slack_bolt.adapter.socket_mode.internals import run_bolt_app, send_response
from slack_bolt.adapter.socket_mode.websocket_client import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.socket_mode.websocket_client import SocketModeClient
from websocket import WebSocketApp, WebSocketException

from bot.transport.deliveries.places import (
    Admission,
    Deliveries,
    Delivery,
    Incoming,
    read_attempt,
)
from bot.ui.texts import common as texts
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
MAX_FRAMES = 100
"""Frames without an envelope that may wait: Slack's greeting, and its word that it will close."""
CLICK_THREADS = 10
"""Threads that acknowledge clicks and commands, as many as the SDK has for all."""


class HeartbeatClient(SocketModeClient):
    """The SDK's client with a time limit for pongs.

    Without one its reading thread looks only every ten seconds whether the socket was closed by
    another thread, and a reconnect waits for that (measured: 11 s at worst instead of 1.8 s).
    """

    _ended: WebSocketApp | None = None
    """The connection that ended last."""
    on_envelope: Callable[[SocketModeRequest, str], None]
    """Takes each envelope with its frame, on the thread that reads from the socket."""

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

        request = _read_envelope(message)
        if request is not None:
            self.on_envelope(request, message)
            return

        try:
            self.message_queue.put_nowait(message)
        except Full:
            get_log(part="socket").warning("frame_dropped")

    def acknowledge_now(self, envelope: str, payload: dict[str, str] | None = None) -> None:
        """Acknowledges on this connection or not at all: the thread that reads must not wait."""
        response = SocketModeResponse(envelope_id=envelope, payload=payload)
        if not _send(self.current_session, json.dumps(response.to_dict())):
            get_log(part="socket").warning("ack_not_sent")


class HeartbeatHandler(SocketModeHandler):
    """Bolt's handler with a `HeartbeatClient`. What finds no place in `deliveries` is not taken.

    `opened_at` is when the current connection was opened; None before the first one.
    """

    client: HeartbeatClient

    def __init__(
        self,
        app: App,
        token: str,
        client: WebClient,
        now: Callable[[], float],
        deliveries: Deliveries,
    ) -> None:
        # Not `super().__init__`: it would open a client of its own.
        self.app = app
        self.app_token = token
        self.opened_at: float | None = None
        self._now = now
        self._deliveries = deliveries
        self._click_threads = ThreadPoolExecutor(CLICK_THREADS, "click")
        self.client = HeartbeatClient(
            app_token=token, logger=app.logger, web_client=client, ping_interval=PING_SECONDS
        )
        self.client.message_queue.maxsize = MAX_FRAMES
        self.client.on_envelope = self._receive
        listeners = self.client.socket_mode_request_listeners
        listeners.append(self.handle)  # type: ignore[arg-type]  # as Bolt itself does
        # The SDK calls this on each connection, also on a reconnect.
        self.client.on_open_listeners.append(self._note_opening)

    def handle(self, client: SocketModeClient, req: SocketModeRequest) -> None:  # type: ignore[override]  # as Bolt's own
        """Has Bolt work on the thread's current delivery, and acknowledges it.

        Repetitions that came meanwhile are acknowledged with it. If it failed, the newest of them
        is tried, because Slack may send no other.
        """
        start = time.time()
        delivery = self._deliveries.current
        response = run_bolt_app(self.app, req)
        while delivery is not None and response.status != 200:
            envelope = self._deliveries.next_repeat(delivery)
            if envelope is None:
                break

            req.envelope_id = envelope
            response = run_bolt_app(self.app, req)

        send_response(client, req, response, start)
        if delivery is not None and response.status == 200:
            for envelope in self._deliveries.acknowledge(delivery):
                client.send_socket_mode_response(SocketModeResponse(envelope_id=envelope))

    def close(self) -> None:
        """Closes the connection. What waits unacknowledged is dropped: Slack sends it again."""
        for threads in (self._click_threads, self.client.message_workers):
            threads.shutdown(wait=False, cancel_futures=True)

        super().close()  # type: ignore[no-untyped-call]  # Bolt leaves it so

    def _receive(self, request: SocketModeRequest, frame: str) -> None:
        """Admits an envelope; runs on the thread that reads from the socket."""
        is_event = request.type == "events_api"
        body: Any = request.payload if is_event else None
        incoming = Incoming(body, len(frame), read_attempt(request.retry_attempt))
        admission, delivery = self._deliveries.admit(incoming, request.envelope_id)

        if admission is Admission.TAKEN and delivery is not None:
            threads = self.client.message_workers if is_event else self._click_threads
            try:
                # With the text: what was parsed takes ten times as much memory.
                threads.submit(self._work, delivery, frame)
            except RuntimeError:  # it is being closed
                self._deliveries.release(delivery)
        elif admission is Admission.KNOWN:
            self.client.acknowledge_now(request.envelope_id)
        elif admission is Admission.FULL and request.type == "slash_commands":
            # Slack shows a command's answer; of a click without one it says that it failed.
            self.client.acknowledge_now(request.envelope_id, {"text": texts.COMMAND_TOO_BUSY})

    def _work(self, delivery: Delivery, frame: str) -> None:
        with self._deliveries.work_on(delivery):
            self.client.run_message_listeners(json.loads(frame), frame)

    def _note_opening(self, _: object) -> None:
        self.opened_at = self._now()


def _read_envelope(frame: str) -> SocketModeRequest | None:
    """Returns the envelope in a frame, None where it holds none."""
    try:
        message = json.loads(frame)
        return SocketModeRequest.from_dict(message) if isinstance(message, dict) else None
    except ValueError:  # no JSON, or no payload that Slack sends
        return None


def _send(session: WebSocketApp | None, message: str) -> bool:
    """Returns whether the message could be written to the connection."""
    if session is None:
        return False

    try:
        session.send(message)
    except (WebSocketException, OSError):
        return False

    return True
