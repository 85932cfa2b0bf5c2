"""One address for several sandboxes, as Slack has one for all workspaces: routes calls by token."""

from __future__ import annotations

import asyncio
import html
import json
import threading
from collections.abc import Callable, ItemsView
from urllib.parse import urlencode

import aiohttp
from aiohttp import web

from bot.sandbox.server import BODY_LIMIT, START_SECONDS, Sandbox, SandboxError
from bot.sandbox.web.guard import add_strict_headers

TOKEN_EXCHANGE = "oauth.v2.access"  # noqa: S105  # a method's name
"""The only call without a token: the sandbox that issued the code or refresh token knows it."""
HOP_BY_HOP = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "content-encoding"}
)
"""Headers that belong to one connection (RFC 9110, section 7.6.1) or that aiohttp sets itself."""


class WorkspaceProxy:
    """Serves the Web API and the install page of all `sandboxes`, which may be added later.

    A context manager. URLs in Slack's answers (uploads, response URLs) point to the sandboxes
    themselves.
    """

    def __init__(self) -> None:
        self.sandboxes: list[Sandbox] = []
        self.url = ""
        self._stop: Callable[[], object] = lambda: None
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve()), name="workspace-proxy", daemon=True
        )
        self._ready = threading.Event()

    @property
    def api_url(self) -> str:
        """The value for SLACK_API_URL."""
        return f"{self.url}/api/"

    def __enter__(self) -> WorkspaceProxy:
        self._thread.start()
        if not self._ready.wait(START_SECONDS):
            raise SandboxError(
                "starting the proxy of several sandboxes: it did not start; look for its traceback"
            )

        return self

    def __exit__(self, *_: object) -> None:
        self._stop()
        self._thread.join(START_SECONDS)

    def build_app(self) -> web.Application:
        """Returns the application with every route."""
        app = web.Application(client_max_size=BODY_LIMIT)
        app.on_response_prepare.append(add_strict_headers)
        # Web API clients use GET as well as POST.
        app.router.add_route("*", "/api/{method}", self._call)
        app.router.add_get("/oauth/v2/authorize", self._choose_workspace)
        return app

    async def _serve(self) -> None:
        stopping = asyncio.Event()
        loop = asyncio.get_running_loop()

        runner = web.AppRunner(self.build_app(), access_log=None, shutdown_timeout=0.2)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()

        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        # asyncio events are not thread-safe, and `__exit__` runs in another thread.
        self._stop = lambda: loop.call_soon_threadsafe(stopping.set)
        self._ready.set()

        await stopping.wait()
        await runner.cleanup()

    async def _call(self, request: web.Request) -> web.Response:
        """Forwards a Web API call to the sandbox that knows its token."""
        body = await request.read()
        if request.match_info["method"] == TOKEN_EXCHANGE:
            return await self._exchange_token(request, body)

        token = request.headers.get("Authorization", "").partition(" ")[2].strip()
        for sandbox in self.sandboxes:
            if sandbox.context.tokens.find(token):
                return await _forward(request, body, sandbox)

        # Any sandbox can refuse an unknown token.
        return await _forward(request, body, self.sandboxes[0])

    async def _exchange_token(self, request: web.Request, body: bytes) -> web.Response:
        """Tries each sandbox until one accepts the code."""
        response = web.json_response({"ok": False, "error": "invalid_code"})
        for sandbox in self.sandboxes:
            response = await _forward(request, body, sandbox)
            if json.loads(response.body or b"{}").get("ok"):  # type: ignore[arg-type]  # bytes, as we made them
                break

        return response

    async def _choose_workspace(self, request: web.Request) -> web.Response:
        """Serves the consent page of the workspace in the URL, or links to choose a workspace."""
        team = request.query.get("team", "")
        links = []

        for sandbox in self.sandboxes:
            workspace = sandbox.workspace.team
            if workspace["id"] == team:
                return await _forward(request, b"", sandbox)

            query = html.escape(urlencode({**request.query, "team": workspace["id"]}))
            links.append(f'<a href="?{query}">{html.escape(workspace["name"])}</a>')

        page = f"<!doctype html><title>Install</title>{' '.join(links)}"
        return web.Response(text=page, content_type="text/html")


async def _forward(request: web.Request, body: bytes, sandbox: Sandbox) -> web.Response:
    """Sends a request to one sandbox and returns its response."""
    address = f"{sandbox.context.url}{request.path_qs}"
    headers = _end_to_end(request.headers.items())

    async with (
        aiohttp.ClientSession() as session,
        session.request(
            request.method, address, data=body, headers=headers, allow_redirects=False
        ) as response,
    ):
        return web.Response(
            status=response.status,
            body=await response.read(),
            headers=_end_to_end(response.headers.items()),
        )


def _end_to_end(headers: ItemsView[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers if name.lower() not in HOP_BY_HOP}
