"""Streams of changes: each page receives each change once, also after a short disconnection.

Programs read server-sent events. The page takes the same over a WebSocket: browsers open at most
six plain connections to an address, so a seventh tab would wait for ever.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque

from aiohttp import web

from bot.sandbox.json_types import Json
from bot.sandbox.web.user_view import channel_view, is_visible
from bot.sandbox.workspace import Workspace

HISTORY_LIMIT = 5000
"""How many changes are kept for pages that reconnect."""
QUEUE_LIMIT = 2000
"""How many changes a slow page may lag behind before it is disconnected."""
PING_SECONDS = 15.0

ChangeQueue = asyncio.Queue[Json | None]
"""The changes that a page has yet to receive; None ends its stream."""


class EventStream:
    """Sends the workspace's changes to the open pages and keeps the latest ones."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._history: deque[Json] = deque(maxlen=HISTORY_LIMIT)
        self._pages: dict[ChangeQueue, str | None] = {}
        """By page: the user whose changes it receives; None receives all."""
        workspace.subscribe(self._broadcast)

    async def serve(self, request: web.Request, user: str | None) -> web.StreamResponse:
        """Streams the changes after the one that the request names until the page disconnects."""
        # A browser that reconnects sends the last id itself; it is newer than the one in the URL.
        after = request.headers.get("Last-Event-ID") or request.query.get("after", "")
        if request.headers.get("Upgrade", "").lower() == "websocket":
            socket = web.WebSocketResponse(heartbeat=PING_SECONDS)
            await socket.prepare(request)
            return await self._serve(socket, user, after)

        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        )
        await response.prepare(request)
        return await self._serve(response, user, after)

    async def _serve(
        self, response: web.StreamResponse, user: str | None, after: str
    ) -> web.StreamResponse:
        queue: ChangeQueue = asyncio.Queue(QUEUE_LIMIT)

        # No await between these two lines: a change in between would be lost or sent twice.
        missed = self._since(int(after)) if after.isdigit() else []
        self._pages[queue] = user

        reader = None
        if isinstance(response, web.WebSocketResponse):
            reader = asyncio.create_task(self._until_closed(response, queue))

        try:
            await self._send_missed(response, user, missed)
            await self._follow(response, queue)
        except ConnectionError:
            pass  # the page was closed
        finally:
            self._pages.pop(queue, None)
            if reader is not None:
                reader.cancel()

        return response

    async def _until_closed(self, socket: web.WebSocketResponse, queue: ChangeQueue) -> None:
        """Ends the page's stream when it closes its socket. What it sends is not read."""
        async for _ in socket:
            pass

        if queue in self._pages:
            self._disconnect(queue)

    def stop(self) -> None:
        """Ends the streams of all pages."""
        for queue in tuple(self._pages):
            self._disconnect(queue)

    async def _send_missed(
        self, response: web.StreamResponse, user: str | None, missed: list[Json] | None
    ) -> None:
        if missed is None:
            await _send(response, {"type": "reset"})
            return

        for change in missed:
            if user is None or is_visible(self._workspace, user, change):
                await _send(response, change)

    async def _follow(self, response: web.StreamResponse, queue: ChangeQueue) -> None:
        while True:
            try:
                change = await asyncio.wait_for(queue.get(), PING_SECONDS)
            except TimeoutError:
                # A comment line, so that a page that is gone is noticed; sockets have pings.
                if not isinstance(response, web.WebSocketResponse):
                    await response.write(b": still here\n\n")
                continue

            if change is None:
                return

            await _send(response, change)

    def _broadcast(self, change: Json) -> None:
        if change["type"] == "channel":
            change["data"] = channel_view(self._workspace, change["data"])

        self._history.append(change)
        for queue, user in tuple(self._pages.items()):
            if user is not None and not is_visible(self._workspace, user, change):
                continue

            if queue.full():
                self._disconnect(queue)
            else:
                queue.put_nowait(change)

    def _disconnect(self, queue: ChangeQueue) -> None:
        """Ends a page's stream. It reconnects by itself and receives what it missed, or a reset."""
        self._pages.pop(queue, None)
        while not queue.empty():
            queue.get_nowait()

        queue.put_nowait(None)

    def _since(self, seq: int) -> list[Json] | None:
        """Returns the changes after `seq`, or None if some of them are no longer kept."""
        if seq > self._workspace.seq:
            return None

        later = [change for change in self._history if change["seq"] > seq]
        is_complete = len(later) == self._workspace.seq - seq
        return later if is_complete else None


async def _send(response: web.StreamResponse, change: Json) -> None:
    """Sends one change in the form of the connection."""
    if isinstance(response, web.WebSocketResponse):
        await response.send_json(change)
        return

    number = f"id: {change['seq']}\n" if "seq" in change else ""
    await response.write(f"{number}data: {json.dumps(change)}\n\n".encode())
