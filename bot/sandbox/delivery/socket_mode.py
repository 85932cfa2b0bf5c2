"""Slack's side of Socket Mode: each envelope goes to one open WebSocket, chosen at random."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import uuid
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from bot.sandbox.clock import pause, wait_with_timeout
from bot.sandbox.context import SandboxContext
from bot.sandbox.delivery.dispatcher import ACK_SECONDS, DeliveryResult, Envelope
from bot.sandbox.json_types import Json
from bot.sandbox.seed_data import APP_ID

MAX_CONNECTIONS = 10
LEAVING_SECONDS = 10.0
"""How long Slack keeps a connection open after its `disconnect` frame."""
RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""`SO_LINGER` switched on with a timeout of 0: closing sends RST instead of FIN."""


@dataclass(eq=False)
class Connection:
    """One open WebSocket and the envelopes that wait for its acknowledgement."""

    ws: web.WebSocketResponse
    transport: asyncio.Transport
    pending: dict[str, asyncio.Future[DeliveryResult]] = field(default_factory=dict)
    leaving: bool = False
    stale: bool = False


class SocketMode:
    """The app's connections. As a `Transport` it sends each envelope to one of them."""

    def __init__(self, context: SandboxContext, on_change: Callable[[], None]) -> None:
        self.connections: list[Connection] = []
        self._context = context
        self._on_change = on_change
        self._tasks: set[asyncio.Task[None]] = set()

    async def send(self, envelope: Envelope) -> DeliveryResult:
        """Implements `Transport.send`. Fails at once if no connection is open."""
        ready = [connection for connection in self.connections if not connection.leaving]
        if not ready or self._context.is_down:
            return DeliveryResult(False, reason="connection_failed")

        connection = self._context.random.choice(ready)
        envelope_id = str(uuid.UUID(int=self._context.random.getrandbits(128)))
        result: asyncio.Future[DeliveryResult] = asyncio.get_running_loop().create_future()
        connection.pending[envelope_id] = result

        try:
            # A stale connection swallows the envelope, so that it times out.
            if not connection.stale:
                await connection.ws.send_str(json.dumps(_to_frame(envelope_id, envelope)))
            return await wait_with_timeout(self._context.clock, ACK_SECONDS, result)
        except TimeoutError:
            return DeliveryResult(False, reason="timeout")
        except ConnectionError:
            return DeliveryResult(False, reason="connection_failed")
        finally:
            connection.pending.pop(envelope_id, None)

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """Serves one WebSocket until it ends. Each ticket opens a single connection."""
        ticket = self._context.short_lived_tokens.redeem("socket", request.query.get("ticket", ""))
        if isinstance(ticket, str):
            raise web.HTTPUnauthorized(text=f"ticket {ticket}")

        # Pings are answered here, not by aiohttp: Slack takes its time.
        ws = web.WebSocketResponse(autoping=False)
        await ws.prepare(request)
        assert request.transport is not None
        connection = Connection(ws, request.transport)

        if len(self.connections) >= MAX_CONNECTIONS:
            await ws.send_str(json.dumps({"type": "disconnect", "reason": "too_many_websockets"}))
            await ws.close()
            return ws

        self.connections.append(connection)
        try:
            await ws.send_str(json.dumps(self._hello()))
            self._on_change()

            async for message in ws:
                if message.type == WSMsgType.TEXT:
                    _acknowledge(connection, message.data)
                elif message.type == WSMsgType.PING:
                    self._in_background(self._pong(connection, message.data))
        except ConnectionError:
            pass  # the connection broke during the greeting; it is dropped like any other
        finally:
            self._drop(connection)

        return ws

    async def break_connections(self, kind: str) -> None:
        """Applies a fault (one of IMMEDIATE_KINDS) to every connection."""
        # A copy, because connections remove themselves from the list as they break.
        for connection in tuple(self.connections):
            if kind in ("warning", "disconnect"):
                await self._ask_to_leave(connection, kind)
            elif kind == "close":
                await connection.ws.close()
            elif kind == "fin":
                connection.transport.close()
            elif kind == "stale":
                connection.stale = True
                connection.transport.pause_reading()
            else:
                reset_connection(connection.transport)

    async def stop(self) -> None:
        """Closes every connection."""
        for task in self._tasks:
            task.cancel()

        for connection in tuple(self.connections):
            connection.transport.abort()
            self._drop(connection)

    async def _ask_to_leave(self, connection: Connection, kind: str) -> None:
        """Sends Slack's `disconnect` frame; after a warning the connection stays open."""
        reason = "warning" if kind == "warning" else "refresh_requested"
        frame = {"type": "disconnect", "reason": reason, "debug_info": {"host": "sandbox"}}
        connection.leaving = kind == "disconnect"
        self._on_change()
        await connection.ws.send_str(json.dumps(frame))

        if connection.leaving:
            self._in_background(self._close_later(connection))

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        # The event loop holds only weak references to tasks.
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _pong(self, connection: Connection, data: bytes) -> None:
        """Answers a ping as late as `pong_seconds` says; a stale connection answers none."""
        # In real time, as the client measures it.
        await asyncio.sleep(self._context.pong_seconds)
        if not connection.stale and not connection.ws.closed:
            await connection.ws.pong(data)

    async def _close_later(self, connection: Connection) -> None:
        await pause(self._context.clock, LEAVING_SECONDS)
        await connection.ws.close()

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self.connections),
            "debug_info": {
                "host": "sandbox",
                "build_number": 1,
                "approximate_connection_time": 18060,
            },
            "connection_info": {"app_id": APP_ID},
        }

    def _drop(self, connection: Connection) -> None:
        """Forgets a connection and fail the envelopes that it had not acknowledged."""
        if connection in self.connections:
            self.connections.remove(connection)
            self._on_change()

        for result in connection.pending.values():
            if not result.done():
                result.set_result(DeliveryResult(False, reason="connection_failed"))


def reset_connection(transport: asyncio.Transport) -> None:
    """Ends a connection with a TCP reset (RST) instead of an orderly close."""
    raw = transport.get_extra_info("socket")
    if raw is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)

    transport.abort()


def _to_frame(envelope_id: str, envelope: Envelope) -> Json:
    """Returns the Socket Mode frame of an envelope."""
    frame: Json = {
        "envelope_id": envelope_id,
        "payload": envelope.payload,
        "type": envelope.kind,
        "accepts_response_payload": envelope.kind != "events_api",
    }

    if envelope.kind == "events_api":
        frame["retry_attempt"] = envelope.attempt
        frame["retry_reason"] = envelope.reason

    return frame


def _acknowledge(connection: Connection, text: str) -> None:
    """Resolves the envelope that a frame acknowledges; like Slack, ignores any other frame."""
    try:
        frame = json.loads(text)
    except ValueError:
        return

    if not isinstance(frame, dict):
        return

    result = connection.pending.get(str(frame.get("envelope_id")))
    if result is not None and not result.done():
        result.set_result(DeliveryResult(True, frame.get("payload")))
