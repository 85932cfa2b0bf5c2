"""Slack's own addresses in the sandbox, and who may come in: this machine, and no foreign web page."""

from __future__ import annotations

import html
import json
from collections.abc import Awaitable, Callable
from urllib.parse import urlencode, urlsplit

from aiohttp import web
from aiohttp.typedefs import Middleware

from bot.sandbox import seed_data as people
from bot.sandbox.context import Platform
from bot.sandbox.delivery.interactions import respond
from bot.sandbox.delivery.signed_http import LOOPBACK
from bot.sandbox.delivery.socket_mode import SocketMode
from bot.sandbox.web_api.files import add_content
from bot.sandbox.web_api.serve import WebApi

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def only_from_here(platform: Platform) -> Middleware:
    """Refuses requests under another host's name (DNS rebinding) or from another site's page, with 403."""

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        port = urlsplit(platform.url).port
        hosts = {f"[{name}]:{port}" if ":" in name else f"{name}:{port}" for name in LOOPBACK}
        origin = request.headers.get("Origin")

        foreign = origin is not None and origin not in {f"http://{host}" for host in hosts}
        if request.headers.get("Host", "").lower() not in hosts or foreign:
            return _refused(
                "foreign", "the sandbox answers this machine only, under its own address"
            )

        plain = request.method == "POST" and request.path.startswith("/sandbox/")
        if plain and request.content_type != "application/json":
            return _refused("not_json", "the control API takes application/json")

        return await handler(request)

    return check


def add_doors(app: web.Application, platform: Platform, socket: SocketMode) -> None:
    """The Web API, Socket Mode, response URLs and files are served by `app`."""
    doors = Doors(platform)
    app.router.add_route("*", "/api/{method}", WebApi(platform).serve)
    app.router.add_get("/link/", socket.connect)
    app.router.add_post("/actions/{key}", doors.respond)
    app.router.add_post("/upload/v1/{key}", doors.upload)
    app.router.add_get("/oauth/v2/authorize", doors.allow)
    app.router.add_get("/files-pri/{file}/{name}", doors.download)


class Doors:
    """Handlers of the addresses that Slack gives out: response URLs, uploads, files."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    async def respond(self, request: web.Request) -> web.Response:
        """The bot answers by a response URL."""
        about = self._platform.tickets.use("response", request.match_info["key"])
        if isinstance(about, str):
            return web.Response(
                status=404, text="expired_url" if about == "expired" else "used_url"
            )

        try:
            said = json.loads(await request.text())
        except ValueError:
            return web.Response(status=400, text="invalid_payload")

        word = respond(self._platform, about, said) if isinstance(said, dict) else "invalid_payload"
        return web.Response(status=200 if word == "ok" else 400, text=word)

    async def allow(self, request: web.Request) -> web.Response:
        """The page on which a person allows the app; its link leads back with a code that is good once.

        The person is Ada, or who `user` in the address names. `rotates=1` asks for a token that
        expires.
        """
        asked = request.query
        back = urlsplit(asked.get("redirect_uri") or f"http://{request.host}")
        if back.hostname not in LOOPBACK:
            return web.Response(status=400, text="bad_redirect_uri")

        user = people.user_id(asked.get("user", "ada"))
        about = {
            "user": user,
            "scope": asked.get("scope", ""),
            "rotates": asked.get("rotates") == "1",
        }

        code = self._platform.tickets.give("oauth", **about)
        query = urlencode({"code": code, "state": asked.get("state", "")})
        link = html.escape(f"{asked.get('redirect_uri', '')}?{query}")
        page = f'<!doctype html><title>Install</title><p>Beagle asks for access.</p><a href="{link}">Allow</a>'

        return web.Response(text=page, content_type="text/html")

    async def upload(self, request: web.Request) -> web.Response:
        """A file's content arrives."""
        about = self._platform.tickets.use("upload", request.match_info["key"])
        if isinstance(about, str):
            return web.Response(status=404, text=f"upload url {about}")

        content = await request.read()
        add_content(self._platform, about["file"], about["name"], about["user"], content)
        return web.Response(text=f"OK - {len(content)}")

    async def download(self, request: web.Request) -> web.Response:
        """A file's content, for the bot with its token and for the page."""
        content = self._platform.contents.get(request.match_info["file"])
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")

        grant = self._platform.grants.find(token)
        if scheme and (grant is None or grant.revoked or "files:read" not in grant.scopes):
            return web.Response(status=403, text="invalid_auth")
        if content is None:
            return web.Response(status=404, text="file_not_found")

        # Never shown inline: what a person uploaded must not run as a page of this origin.
        headers = {"Content-Disposition": "attachment", "X-Content-Type-Options": "nosniff"}
        return web.Response(body=content, content_type="application/octet-stream", headers=headers)


def _refused(code: str, detail: str) -> web.Response:
    return web.json_response({"ok": False, "error": code, "detail": detail}, status=403)
