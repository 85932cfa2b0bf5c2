"""One address for several sandboxes, as Slack has one for all workspaces: a call goes where its token belongs."""

from __future__ import annotations

import asyncio
import html
import json
import threading
from collections.abc import Callable
from urllib.parse import urlencode

import aiohttp
from aiohttp import web

from bot.sandbox.server import Sandbox, SandboxError

START_SECONDS = 10.0
GRANTS = "oauth.v2.access"
"""The call that has no token yet: whoever gave the code or the refresh token knows it."""
HOP = frozenset({"host", "content-length", "transfer-encoding", "connection", "content-encoding"})


class Crossing:
    """Serves the Web API and the install page of every sandbox in `towns`, which may be added later.

    A context manager. Links that Slack hands out (uploads, response URLs) lead to the sandboxes
    themselves.
    """

    def __init__(self) -> None:
        self.towns: list[Sandbox] = []
        self.url = ""
        self._stopping: Callable[[], object] = lambda: None
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve()), name="crossing", daemon=True
        )
        self._ready = threading.Event()

    @property
    def api_url(self) -> str:
        """What SLACK_API_URL has to be."""
        return f"{self.url}/api/"

    def __enter__(self) -> Crossing:
        self._thread.start()
        if not self._ready.wait(START_SECONDS):
            raise SandboxError(
                "starting the crossing of several sandboxes: it did not start; look for its traceback"
            )

        return self

    def __exit__(self, *_: object) -> None:
        self._stopping()
        self._thread.join(START_SECONDS)

    async def _serve(self) -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        app = web.Application(client_max_size=30_000_000)
        app.router.add_route("*", "/api/{method}", self._call)
        app.router.add_get("/oauth/v2/authorize", self._choose)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        self._stopping = lambda: loop.call_soon_threadsafe(stop.set)
        self._ready.set()
        await stop.wait()
        await runner.cleanup()

    async def _call(self, request: web.Request) -> web.Response:
        """The answer of the workspace that the token belongs to; of any, where nobody knows it."""
        body = await request.read()
        if request.match_info["method"] == GRANTS:
            return await self._granted(request, body)

        token = request.headers.get("Authorization", "").partition(" ")[2].strip()
        known = [town for town in self.towns if town.platform.grants.find(token)]
        return await _pass_on(request, body, (known or self.towns)[0])

    async def _granted(self, request: web.Request, body: bytes) -> web.Response:
        answer = web.json_response({"ok": False, "error": "invalid_code"})
        for town in self.towns:
            answer = await _pass_on(request, body, town)
            if json.loads(answer.body or b"{}").get("ok"):  # type: ignore[arg-type]  # bytes, as we made them
                break

        return answer

    async def _choose(self, request: web.Request) -> web.Response:
        """Slack's page: the workspace that the address names, or links to choose one."""
        team = request.query.get("team", "")
        for town in self.towns:
            if town.workspace.team["id"] == team:
                return await _pass_on(request, b"", town)

        links = [
            f'<a href="?{html.escape(urlencode({**request.query, "team": town.workspace.team["id"]}))}">'
            f"{html.escape(town.workspace.team['name'])}</a>"
            for town in self.towns
        ]

        return web.Response(
            text=f"<!doctype html><title>Install</title>{' '.join(links)}", content_type="text/html"
        )


async def _pass_on(request: web.Request, body: bytes, town: Sandbox) -> web.Response:
    headers = {name: value for name, value in request.headers.items() if name.lower() not in HOP}

    address = f"{town.platform.url}{request.path_qs}"
    async with (
        aiohttp.ClientSession() as session,
        session.request(
            request.method, address, data=body, headers=headers, allow_redirects=False
        ) as answer,
    ):
        kept = {name: value for name, value in answer.headers.items() if name.lower() not in HOP}
        return web.Response(status=answer.status, body=await answer.read(), headers=kept)
