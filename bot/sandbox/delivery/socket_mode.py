"""Slack's side of Socket Mode: WebSocket connections, one of which, by chance, gets each envelope."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from bot.sandbox.clock import pause, within
from bot.sandbox.context import Platform
from bot.sandbox.delivery.dispatcher import ACK_SECONDS, Answer, Parcel
from bot.sandbox.seed_data import APP_ID

Json = dict[str, Any]

CONNECTIONS = 10
LEAVING_SECONDS = 10.0
"""How long Slack keeps a connection open after its `disconnect` frame."""
RESET = struct.pack("ii", 1, 0)


@dataclass(eq=False)
class Connection:
    """One open WebSocket and the envelopes that wait for its acknowledgement."""

    ws: web.WebSocketResponse
    transport: asyncio.Transport
    waiting: dict[str, asyncio.Future[Answer]] = field(default_factory=dict)
    leaving: bool = False
    stale: bool = False


class SocketMode:
    """The connections of the app. As a `Transport`, it hands each parcel to one of them."""

    def __init__(self, platform: Platform, changed: Callable[[], None]) -> None:
        self.connections: list[Connection] = []
        self._platform, self._changed = platform, changed
        self._leaving: set[asyncio.Task[None]] = set()

    async def send(self, parcel: Parcel) -> Answer:
        """As the protocol says. Without a connection the parcel fails at once."""
        ready = [connection for connection in self.connections if not connection.leaving]
        if not ready or self._platform.dead:
            return Answer(False, reason="connection_failed")

        connection = self._platform.random.choice(ready)
        envelope_id = str(uuid.UUID(int=self._platform.random.getrandbits(128)))
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        connection.waiting[envelope_id] = answer

        try:
            if not connection.stale:
                await connection.ws.send_str(json.dumps(_envelope(envelope_id, parcel)))
            return await within(self._platform.clock, ACK_SECONDS, answer)
        except TimeoutError:
            return Answer(False, reason="timeout")
        except ConnectionError:
            return Answer(False, reason="connection_failed")
        finally:
            connection.waiting.pop(envelope_id, None)

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """Serve one WebSocket until it ends. A ticket opens one connection, once."""
        ticket = self._platform.tickets.use("socket", request.query.get("ticket", ""))
        if isinstance(ticket, str):
            raise web.HTTPUnauthorized(text=f"ticket {ticket}")

        ws = web.WebSocketResponse(heartbeat=30)
        await ws.prepare(request)
        assert request.transport is not None
        connection = Connection(ws, request.transport)

        if len(self.connections) >= CONNECTIONS:
            await ws.send_str(json.dumps({"type": "disconnect", "reason": "too_many_websockets"}))
            await ws.close()
            return ws

        self.connections.append(connection)
        try:
            await ws.send_str(json.dumps(self._hello()))
            self._changed()

            async for message in ws:
                if message.type == WSMsgType.TEXT:
                    _acknowledge(connection, message.data)
        except ConnectionError:
            pass  # broken while greeting: the end is the same as for one that breaks later
        finally:
            self._forget(connection)

        return ws

    async def break_all(self, kind: str) -> None:
        """Every connection ends, or is told to, in the way of this fault (NOW_KINDS)."""
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
                reset(connection.transport)

    async def stop(self) -> None:
        """Every connection is closed."""
        for task in self._leaving:
            task.cancel()

        for connection in tuple(self.connections):
            connection.transport.abort()
            self._forget(connection)

    async def _ask_to_leave(self, connection: Connection, kind: str) -> None:
        reason = "warning" if kind == "warning" else "refresh_requested"
        frame = {"type": "disconnect", "reason": reason, "debug_info": {"host": "sandbox"}}
        connection.leaving = kind == "disconnect"
        self._changed()
        await connection.ws.send_str(json.dumps(frame))

        if connection.leaving:
            task = asyncio.create_task(self._close_later(connection))
            self._leaving.add(task)
            task.add_done_callback(self._leaving.discard)

    async def _close_later(self, connection: Connection) -> None:
        await pause(self._platform.clock, LEAVING_SECONDS)
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

    def _forget(self, connection: Connection) -> None:
        if connection in self.connections:
            self.connections.remove(connection)
            self._changed()

        for answer in connection.waiting.values():
            if not answer.done():
                answer.set_result(Answer(False, reason="connection_failed"))


def reset(transport: asyncio.Transport) -> None:
    """The connection ends with a TCP reset instead of a goodbye."""
    raw = transport.get_extra_info("socket")
    if raw is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)

    transport.abort()


def _envelope(envelope_id: str, parcel: Parcel) -> Json:
    envelope: Json = {
        "envelope_id": envelope_id,
        "payload": parcel.payload,
        "type": parcel.kind,
        "accepts_response_payload": parcel.kind != "events_api",
    }
    if parcel.kind == "events_api":
        envelope |= {"retry_attempt": parcel.attempt, "retry_reason": parcel.reason}
    return envelope


def _acknowledge(connection: Connection, text: str) -> None:
    """The envelope that the bot names is acknowledged; anything else it says is ignored, as Slack does."""
    try:
        said = json.loads(text)
    except ValueError:
        return

    answer = (
        connection.waiting.get(str(said.get("envelope_id"))) if isinstance(said, dict) else None
    )
    if answer is not None and not answer.done():
        answer.set_result(Answer(True, said.get("payload")))
