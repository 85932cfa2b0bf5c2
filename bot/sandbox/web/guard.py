"""Who the sandbox answers, and the headers of every answer.

A port of this machine is open to its other users and to the pages of every site that its user
visits. So requests must name the sandbox's own address, come from no other page, and hold the token
of this run, which is only in the address that the sandbox's owner was given.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Middleware

from bot.sandbox.context import SandboxContext
from bot.sandbox.delivery.signed_http import LOOPBACK

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

TOKEN_HEADER = "X-Sandbox-Token"  # noqa: S105  # a header's name
TOKEN_PARAMETER = "token"  # noqa: S105  # a parameter's name
"""For what a browser asks for without headers: event streams and links to files."""
OWN_PATHS = ("/sandbox/",)
"""What only the sandbox's owner may do: read everything, and act as everybody."""
STRICT_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""The headers of every answer; the page has a policy of its own, which allows its own files."""


async def add_strict_headers(_: web.Request, response: web.StreamResponse) -> None:
    """Adds the headers that an answer does not have yet; a signal of `on_response_prepare`."""
    for name, value in STRICT_HEADERS.items():
        response.headers.setdefault(name, value)


def owner_only(context: SandboxContext) -> Middleware:
    """Returns a middleware that answers 403 to foreign hosts, other sites' pages and other users.

    Slack's own addresses need no token of ours: they check Slack's tokens.
    """

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
            return forbidden(
                "foreign", "the sandbox answers this machine only, under its own address"
            )

        if request.path.startswith(OWN_PATHS):
            if not has_page_token(request, context):
                return forbidden(
                    "no_token",
                    "this run has a token of its own: open the address that the demo printed",
                )

            # A plain HTML form cannot send JSON, which rules out form posts of another site too.
            if request.method == "POST" and request.content_type != "application/json":
                return forbidden("not_json", "the control API takes application/json")

        return await handler(request)

    return check


def has_page_token(request: web.Request, context: SandboxContext) -> bool:
    """Returns whether the request holds this run's token, in a header or as a parameter."""
    token = request.headers.get(TOKEN_HEADER) or request.query.get(TOKEN_PARAMETER, "")
    return hmac.compare_digest(token.encode(), context.page_token.encode())


def forbidden(code: str, detail: str) -> web.Response:
    """Returns a refusal with status 403."""
    return web.json_response({"ok": False, "error": code, "detail": detail}, status=403)
