"""Serves a WSGI application on one port, from a background thread, and bounds what clients hold."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher

from bot.transport.signature_guard import BODY_LIMIT
from router.errors import SettingsError

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

HEADER_LIMIT = 32_000
"""Bytes of a request's first line and headers; Slack's have below 2,000."""
CHECK_SECONDS = 1
"""Between two looks for clients that are late."""
POLL_SECONDS = 1.0
"""The longest that the server's thread sleeps."""
SPARE_CONNECTIONS = 64
"""Connections above the limit that may exist for a moment, until the ones in their way close."""
STOP_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """What clients may hold.

    Attributes:
        connections: Open connections. One more closes the one that has waited longest for its
            client, so that a new client is always served.
        buffered_bytes: Bytes of requests that have not arrived as a whole, likewise.
        request_seconds: The time from the connection, or from the end of the previous request, to
            the last byte of the request's body. Drops that trickle in do not prolong it.
        idle_seconds: The time that a connection may stay open after a response, until that is read
            and the next request begins.
        threads: Requests that the application answers at the same time.
    """

    connections: int = 512
    buffered_bytes: int = 64_000_000
    request_seconds: float = 15.0
    idle_seconds: float = 60.0
    threads: int = 8


class HttpServer:
    """A WSGI server. `port` is the real port, also where 0 (any free one) was asked for.

    `setting` is the port's setting, for the error if the address cannot be listened on. `now`
    returns seconds, from any start.
    """

    def __init__(
        self,
        host: str,
        port: int,
        app: WSGIApplication,
        *,
        setting: str = "BEAGLE_PORT",
        limits: HttpLimits | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        limits = limits or HttpLimits()
        try:
            adjustments = _adjustments(host, port, limits)
            self._server = _Server(app, adjustments, limits, now)
        except (OSError, ValueError) as error:
            raise SettingsError(
                f"{setting}: {host}:{port} cannot be listened on ({error}); "
                "choose a free port, or 0 for any"
            ) from error

        self.port = int(self._server.effective_port)  # type: ignore[attr-defined]  # not in the stub
        self._thread = threading.Thread(target=self._server.run, name="web", daemon=True)

    @property
    def open_connections(self) -> int:
        """The number of connections that are open."""
        return len(self._server.active_channels)

    def start(self) -> None:
        """Starts answering requests."""
        self._thread.start()

    def stop(self) -> None:
        """Frees the port and drops clients, except those whose request is being answered."""
        if self._thread.is_alive():
            self._server.wake_up(self._server.shut_down)
            self._thread.join(timeout=STOP_SECONDS)
        else:
            self._server.shut_down()

        if not self._thread.is_alive():
            self._server.close()


class _Channel(HTTPChannel):
    """A connection that knows since when it waits for its client.

    Everything runs in the server's thread, except `service`.
    """

    server: _Server

    def __init__(self, server: _Server, *args: Any, **kwargs: Any) -> None:
        self.waiting_since = server.now()
        self.is_idle = False
        self.buffered = 0
        super().__init__(server, *args, **kwargs)

    @property
    def is_waiting(self) -> bool:
        """Whether the client has to act: the application works on no request of it."""
        return not self.requests

    def received(self, data: bytes) -> bool:
        """Takes what the client sent."""
        if self.is_idle:
            self.is_idle = False
            self.waiting_since = self.server.now()

        result = bool(super().received(data))
        request = self.request
        if request is None or self.will_close:
            self.set_buffered(0)
        else:
            self.set_buffered(request.header_bytes_received + request.body_bytes_received)

        return result

    def set_buffered(self, count: int) -> None:
        """Sets how many bytes of a request that is not complete yet are stored."""
        self.server.buffered += count - self.buffered
        self.buffered = count
        if self.server.buffered > self.server.limits.buffered_bytes:
            self.server.close_longest_waiting(lambda channel: channel.buffered > 0)

    def service(self) -> None:
        """Answers a request, in a thread of the application."""
        super().service()
        # Each is stored in one step. If the next request has begun to arrive meanwhile, it has its
        # whole time from now on.
        self.waiting_since = self.server.now()
        self.is_idle = self.request is None
        if self.server.is_stopping:
            with self.requests_lock:  # type: ignore[attr-defined]  # the stub has no locks
                self.close_when_flushed = True

            self.server.pull_trigger()

    def del_channel(self, map: Any = None) -> None:  # noqa: A002  # waitress's name
        """Forgets the connection."""
        super().del_channel(map)
        self.set_buffered(0)


class _Server(TcpWSGIServer):
    """Waitress with deadlines for whole requests, and room for one more client at any time."""

    channel_class = _Channel
    active_channels: dict[int, _Channel]  # type: ignore[assignment]  # `channel_class` makes them

    def __init__(
        self,
        app: WSGIApplication,
        adjustments: Adjustments,
        limits: HttpLimits,
        now: Callable[[], float],
    ) -> None:
        self.limits = limits
        self.now = now
        self.buffered = 0
        self.is_stopping = False
        dispatcher = ThreadedTaskDispatcher()
        opened: dict[int, Any] = {}
        try:
            super().__init__(app, opened, adj=adjustments, dispatcher=dispatcher)
        except OSError:
            wasyncore.close_all(opened)
            raise

        # Last, so that an address that is taken leaves no threads behind.
        dispatcher.set_thread_count(limits.threads)

    def handle_accept(self) -> None:
        """Accepts a connection; where that is one too many, the longest waiting one closes."""
        super().handle_accept()
        count = sum(not channel.will_close for channel in self.active_channels.values())
        if count > self.limits.connections:
            self.close_longest_waiting(lambda _channel: True)

    def maintenance(self, now: float) -> None:
        """Closes the connections whose client is late. `now` is waitress's own clock, unused."""
        now = self.now()
        for channel in self._waiting():
            allowed = self.limits.request_seconds
            if channel.is_idle:
                allowed = self.limits.idle_seconds

            if channel.will_close or now - channel.waiting_since >= allowed:
                channel.handle_close()

    def close_longest_waiting(self, matches: Callable[[_Channel], bool]) -> None:
        """Closes the matching connection that has waited longest for its client, if there is one.

        A client of ours needs milliseconds for a request, so this is one that holds connections.
        """
        waiting = [
            channel for channel in self._waiting() if matches(channel) and not channel.will_close
        ]
        if not waiting:
            return

        longest = min(waiting, key=lambda channel: channel.waiting_since)
        # It closes in the loop's next round: its number must not be given to another one while this
        # round still has events for it.
        longest.will_close = True
        longest.set_buffered(0)

    def run(self) -> None:
        """Serves until `shut_down`, and then until what is being answered is answered."""
        while self.active_channels or not self.is_stopping:
            wasyncore.poll2(POLL_SECONDS, self._map)  # type: ignore[attr-defined]  # not in the stub

    def wake_up(self, action: Callable[[], None]) -> None:
        """Has the server's thread call `action` at once."""
        self.trigger.pull_trigger(action)  # type: ignore[attr-defined]  # the stub says int

    def shut_down(self) -> None:
        """Stops accepting and closes what is not being answered. Runs in the server's thread.

        `close` frees the rest, when the thread has ended.
        """
        self.is_stopping = True
        wasyncore.dispatcher.close(self)
        for channel in self._waiting():
            channel.handle_close()

    def _waiting(self) -> list[_Channel]:
        return [channel for channel in list(self.active_channels.values()) if channel.is_waiting]


def _adjustments(host: str, port: int, limits: HttpLimits) -> Adjustments:
    return Adjustments(
        host=host,
        port=port,
        threads=limits.threads,
        ident="",
        # The guard's own limit, one byte up: waitress refuses from the limit on. A body within it
        # stays in memory, so that nobody can fill a disk.
        max_request_body_size=BODY_LIMIT + 1,
        inbuf_overflow=BODY_LIMIT + 1,
        max_request_header_size=HEADER_LIMIT,
        connection_limit=limits.connections + SPARE_CONNECTIONS,
        backlog=limits.connections,
        cleanup_interval=CHECK_SECONDS,
        # select() cannot watch files with numbers above 1,023.
        asyncore_use_poll=True,
    )
