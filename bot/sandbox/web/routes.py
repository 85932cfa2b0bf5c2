"""Slack's own addresses in the sandbox: Web API, sockets, response URLs, uploads, consent page."""

from __future__ import annotations

import html
import json
from typing import cast
from urllib.parse import quote, urlencode, urlsplit

from aiohttp import web

from bot.sandbox import seed_data
from bot.sandbox.context import SandboxContext
from bot.sandbox.delivery.interactions import ResponseTarget, apply_response
from bot.sandbox.delivery.signed_http import LOOPBACK
from bot.sandbox.delivery.socket_mode import SocketMode
from bot.sandbox.web.guard import has_page_token
from bot.sandbox.web_api.files import add_content
from bot.sandbox.web_api.serve import WebApi

CANNOT_INSTALL = ("deleted", "is_restricted", "is_ultra_restricted")
"""Flags of people whom Slack lets install no app."""


SIGN_IN_PAGE = "<!DOCTYPE html><title>Sign in | Slack</title><p>Sign in to your workspace.</p>"


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

        status = 200 if code == "ok" else self._context.refusals.response_status
        if code != "ok" and status == 200:
            return web.json_response({"ok": False, "error": code})

        return web.Response(status=status, text=code)

    async def authorise(self, request: web.Request) -> web.Response:
        """Serves the OAuth consent page, whose link leads back with a one-time code.

        The installing user is Ada, or the one that the query parameter `user` names. `rotates=1`
        switches token rotation on, `org=1` installs for a whole organisation. Like Slack, it lets
        any member install, but neither guests nor people who are deactivated.
        """
        query = request.query
        redirect_uri = query.get("redirect_uri", "")

        if not self._context.installs:
            return web.Response(status=403, text="installing_disabled")
        if redirect_uri and not is_loopback_page(redirect_uri):
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
        """Serves a file's content, to the bot with its token and to the page with its own.

        Like Slack, it answers anybody else with the sign-in page: by a redirect where there is no
        token at all, and with status 200 where a token may not read files.
        """
        content = self._context.file_contents.get(request.match_info["file"])
        _, _, token = request.headers.get("Authorization", "").partition(" ")

        grant = self._context.tokens.find(token)
        may_read = grant is not None and not grant.revoked and "files:read" in grant.scopes
        if not may_read and (token or not has_page_token(request, self._context)):
            if token:
                return web.Response(text=SIGN_IN_PAGE, content_type="text/html")

            raise web.HTTPFound(f"/?redir={quote(request.path)}")
        if content is None:
            return web.Response(status=404, text="file_not_found")

        # Never shown inline: an uploaded file must not run as a page of this origin.
        headers = {"Content-Disposition": "attachment"}
        return web.Response(body=content, content_type="application/octet-stream", headers=headers)


def is_loopback_page(address: str) -> bool:
    """Returns whether a browser that follows the address gets a page of this machine.

    A script address such as `javascript://127.0.0.1/%0a…` names this machine too, and would run in
    the sandbox's page.
    """
    if not address.isascii() or not address.isprintable() or "\\" in address or " " in address:
        return False

    try:
        parts = urlsplit(address)
        has_port = parts.port is None or parts.port > 0
    except ValueError:
        return False

    is_page = parts.scheme in ("http", "https") and parts.hostname in LOOPBACK
    return is_page and has_port and parts.username is None and parts.password is None
