"""Changes as server-sent events: every page gets each change once, also after a short break."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from typing import Any

from aiohttp import web

from bot.sandbox.web.user_view import sees, shown
from bot.sandbox.workspace import Workspace

Json = dict[str, Any]

KEPT = 5000
"""How many changes are kept for pages that come back."""
WAITING = 2000
"""How many changes a slow page may lag behind."""
PING_SECONDS = 15.0


class Feed:
    """The last changes, and the pages that want the next ones."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._kept: deque[Json] = deque(maxlen=KEPT)
        self._pages: dict[asyncio.Queue[Json | None], str | None] = {}
        workspace.subscribe(self._take)

    async def serve(self, request: web.Request, user: str | None) -> web.StreamResponse:
        """Send changes after the one that the request names, until the page goes."""
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        )
        await response.prepare(request)
        after = request.headers.get("Last-Event-ID") or request.query.get("after", "")
        queue: asyncio.Queue[Json | None] = asyncio.Queue(WAITING)
        # From here to the loop nothing else runs, so no change is missed and none comes twice.
        missed = self._since(int(after)) if after.isdigit() else []
        self._pages[queue] = user

        try:
            if missed is None:
                await response.write(b'data: {"type": "reset"}\n\n')
                missed = []

            for change in missed:
                if user is None or sees(self._workspace, user, change):
                    await response.write(_event(change))

            await self._follow(response, queue)
        except ConnectionError:
            pass  # the page was closed
        finally:
            self._pages.pop(queue, None)

        return response

    def stop(self) -> None:
        """Every page is told that it is over."""
        for queue in tuple(self._pages):
            self._end(queue)

    async def _follow(
        self, response: web.StreamResponse, queue: asyncio.Queue[Json | None]
    ) -> None:
        while True:
            try:
                change = await asyncio.wait_for(queue.get(), PING_SECONDS)
            except TimeoutError:
                await response.write(b": still here\n\n")
                continue

            if change is None:
                return

            await response.write(_event(change))

    def _take(self, change: Json) -> None:
        if change["type"] == "channel":
            change["data"] = shown(self._workspace, change["data"])

        self._kept.append(change)
        for queue, user in tuple(self._pages.items()):
            if user is not None and not sees(self._workspace, user, change):
                continue

            if queue.full():
                self._end(queue)
            else:
                queue.put_nowait(change)

    def _end(self, queue: asyncio.Queue[Json | None]) -> None:
        """The page is let go; it comes back by itself and gets what it missed, or a reset."""
        self._pages.pop(queue, None)
        while not queue.empty():
            queue.get_nowait()

        queue.put_nowait(None)

    def _since(self, seq: int) -> list[Json] | None:
        """The changes after `seq`; None where some of them are no longer kept."""
        if seq > self._workspace.seq:
            return None

        later = [change for change in self._kept if change["seq"] > seq]
        return later if len(later) == self._workspace.seq - seq else None


def _event(change: Json) -> bytes:
    return f"id: {change['seq']}\ndata: {json.dumps(change)}\n\n".encode()
