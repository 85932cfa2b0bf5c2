"""Slack's own addresses in the sandbox, and the check that requests come from this machine."""

from __future__ import annotations

import html
import json
from collections.abc import Awaitable, Callable
from typing import cast
from urllib.parse import urlencode, urlsplit

from aiohttp import web
from aiohttp.typedefs import Middleware

from bot.sandbox import seed_data
from bot.sandbox.context import SandboxContext
from bot.sandbox.delivery.interactions import ResponseTarget, apply_response
from bot.sandbox.delivery.signed_http import LOOPBACK
from bot.sandbox.delivery.socket_mode import SocketMode
from bot.sandbox.web_api.files import add_content
from bot.sandbox.web_api.serve import WebApi

CANNOT_INSTALL = ("deleted", "is_restricted", "is_ultra_restricted")
"""Flags of people whom Slack lets install no app."""
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def loopback_only(context: SandboxContext) -> Middleware:
    """Returns a middleware that answers 403 to foreign hosts and to pages of other sites."""

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        port = urlsplit(context.url).port
        hosts = {f"[{name}]:{port}" if ":" in name else f"{name}:{port}" for name in LOOPBACK}
        origins = {f"http://{host}" for host in hosts}

        # The Host header stops DNS rebinding: a foreign name that resolves to this machine.
        is_foreign_host = request.headers.get("Host", "").lower() not in hosts
        # Browsers send Origin with requests of another site's page.
        origin = request.headers.get("Origin")
        is_foreign_page = origin is not None and origin not in origins
        if is_foreign_host or is_foreign_page:
            return _forbidden(
                "foreign", "the sandbox answers this machine only, under its own address"
            )

        # A plain HTML form cannot send JSON, which rules out form posts of another site as well.
        is_control = request.method == "POST" and request.path.startswith("/sandbox/")
        if is_control and request.content_type != "application/json":
            return _forbidden("not_json", "the control API takes application/json")

        return await handler(request)

    return check


def add_slack_routes(app: web.Application, context: SandboxContext, socket: SocketMode) -> None:
    """Serves the Web API, Socket Mode, response URLs, uploads, files and the consent page."""
    routes = SlackRoutes(context)
    app.router.add_route("*", "/api/{method}", WebApi(context).serve)
    app.router.add_get("/link/", socket.connect)
    app.router.add_post("/actions/{key}", routes.respond)
    app.router.add_post("/upload/v1/{key}", routes.upload)
    app.router.add_get("/oauth/v2/authorize", routes.authorise)
    app.router.add_get("/files-pri/{file}/{name}", routes.download)


class SlackRoutes:
    """Handlers of the URLs that Slack issues: response URLs, consent page, uploads, files."""

    def __init__(self, context: SandboxContext) -> None:
        self._context = context

    async def respond(self, request: web.Request) -> web.Response:
        """Applies the bot's post to a response URL."""
        target = self._context.short_lived_tokens.redeem("response", request.match_info["key"])
        if isinstance(target, str):
            error = "expired_url" if target == "expired" else "used_url"
            return web.Response(status=404, text=error)

        try:
            response = json.loads(await request.text())
        except ValueError:
            return web.Response(status=400, text="invalid_payload")

        code = "invalid_payload"
        if isinstance(response, dict):
            # The data of a response token is the target with which it was issued.
            code = apply_response(self._context, cast(ResponseTarget, target), response)

        return web.Response(status=200 if code == "ok" else 400, text=code)

    async def authorise(self, request: web.Request) -> web.Response:
        """Serves the OAuth consent page, whose link leads back with a one-time code.

        The installing user is Ada, or the one that the query parameter `user` names. `rotates=1`
        switches token rotation on, `org=1` installs for a whole organisation. Like Slack, it lets
        any member install, but neither guests nor people who are deactivated.
        """
        query = request.query
        redirect_uri = query.get("redirect_uri", "")

        redirect_host = urlsplit(redirect_uri or f"http://{request.host}").hostname
        if redirect_host not in LOOPBACK:
            return web.Response(status=400, text="bad_redirect_uri")

        user = self._context.workspace.users.get(seed_data.user_id(query.get("user", "ada")))
        if user is None or any(user[flag] for flag in CANNOT_INSTALL):
            return web.Response(status=403, text="access_denied")

        code = self._context.short_lived_tokens.issue(
            "oauth",
            user=user["id"],
            scope=query.get("scope", ""),
            rotates=query.get("rotates") == "1",
            org=query.get("org") == "1",
        )
        answer = urlencode({"code": code, "state": query.get("state", "")})
        link = html.escape(f"{redirect_uri}?{answer}")
        page = (
            "<!doctype html><title>Install</title><p>Beagle asks for access.</p>"
            f'<a href="{link}">Allow</a>'
        )

        return web.Response(text=page, content_type="text/html")

    async def upload(self, request: web.Request) -> web.Response:
        """Stores the content of a file."""
        file = self._context.short_lived_tokens.redeem("upload", request.match_info["key"])
        if isinstance(file, str):
            return web.Response(status=404, text=f"upload url {file}")

        content = await request.read()
        add_content(self._context, file["file"], file["name"], file["user"], content)
        return web.Response(text=f"OK - {len(content)}")

    async def download(self, request: web.Request) -> web.Response:
        """Serves a file's content, to the bot with its token and to the page without one."""
        content = self._context.file_contents.get(request.match_info["file"])
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")

        grant = self._context.tokens.find(token)
        if scheme and (grant is None or grant.revoked or "files:read" not in grant.scopes):
            return web.Response(status=403, text="invalid_auth")
        if content is None:
            return web.Response(status=404, text="file_not_found")

        # Never shown inline: an uploaded file must not run as a page of this origin.
        headers = {"Content-Disposition": "attachment", "X-Content-Type-Options": "nosniff"}
        return web.Response(body=content, content_type="application/octet-stream", headers=headers)


def _forbidden(code: str, detail: str) -> web.Response:
    return web.json_response({"ok": False, "error": code, "detail": detail}, status=403)
