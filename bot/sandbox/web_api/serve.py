"""Answers Web API calls over HTTP: token, scopes, limits and faults first, then the method."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from aiohttp import web

from bot.sandbox.context import Platform
from bot.sandbox.delivery.socket_mode import reset
from bot.sandbox.faults.faults import Fault
from bot.sandbox.limits.token_scopes import Grant
from bot.sandbox.web_api import METHODS
from bot.sandbox.web_api.call import Call, Method, RefusalError

Json = dict[str, Any]

HANG_SECONDS = 600.0
"""A call that gets no answer is held until the client gives up, or this long."""


class WebApi:
    """The handler of `/api/<method>`."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Slack's answer, or what a fault makes of it."""
        name = request.match_info["method"]
        if self._platform.dead:
            return self._cut(request)

        self._platform.calls[name] += 1
        token = _bearer(request)
        self._platform.called(token, name)

        fault = self._platform.faults.on_call(name)
        if fault is not None and fault.kind == "ratelimited":
            self._platform.refused(token, name, max(1, round(fault.seconds)))

        if fault is not None:
            early = await self._before(request, fault)
            if early is not None:
                return early

        status, answer, headers = await self._answer(request, name)
        if fault is not None:
            late = await self._after(request, fault)
            if late is not None:
                return late

        return web.json_response(answer, status=status, headers=headers)

    async def _answer(self, request: web.Request, name: str) -> tuple[int, Json, dict[str, str]]:
        headers: dict[str, str] = {}
        try:
            method = _method(name)
            args, token = await _arguments(request)
            grant = self._granted(method, token)
            headers["x-oauth-scopes"] = ",".join(sorted(grant.scopes))

            if method.scopes:
                headers["x-accepted-oauth-scopes"] = ",".join(method.scopes)

            call = Call(self._platform, name, args, grant, token)
            call.allow(*method.scopes)
            self._limit(call, method)

            return 200, {"ok": True, **method.run(call)}, headers
        except RefusalError as refusal:
            self._platform.errors[refusal.code] += 1
            answer = {"ok": False, "error": refusal.code, **refusal.more}
            if refusal.code != "ratelimited":
                return 200, answer, headers

            return (
                429,
                {"ok": False, "error": "ratelimited"},
                {**headers, "Retry-After": str(refusal.more["wait"])},
            )

    def _granted(self, method: Method, token: str) -> Grant:
        """What the token allows. `api.test` needs none."""
        if not token:
            if method.kind == "any":
                return Grant("bot", frozenset())
            raise RefusalError("not_authed")

        grant = self._platform.grants.find(token)
        if grant is None:
            raise RefusalError("invalid_auth")
        if grant.revoked:
            raise RefusalError("token_revoked")
        if method.kind not in ("any", grant.kind):
            raise RefusalError("not_allowed_token_type")

        return grant

    def _limit(self, call: Call, method: Method) -> None:
        if not method.limited:
            return

        wait = self._platform.rates.wait(
            call.method, method.tier, str(call.args.get("channel", ""))
        )
        if wait is not None:
            if (
                method.tier is not None
            ):  # a post is limited in its channel; elsewhere the method stays open
                self._platform.refused(call.token, call.method, wait)

            raise RefusalError("ratelimited", wait=wait)

    async def _before(self, request: web.Request, fault: Fault) -> web.StreamResponse | None:
        """What the client gets although nothing was done; None for faults that strike later."""
        if fault.kind == "ratelimited":
            self._platform.errors["ratelimited"] += 1
            wait = {"Retry-After": str(max(1, round(fault.seconds)))}
            return web.json_response(
                {"ok": False, "error": "ratelimited"}, status=429, headers=wait
            )

        if fault.kind.isdigit():
            return web.Response(
                status=int(fault.kind), text="<html><body>Server Error</body></html>"
            )

        if fault.kind == "reset_before":
            return self._cut(request)
        if fault.kind == "timeout_before":
            return await self._hang(request, fault)

        return None

    async def _after(self, request: web.Request, fault: Fault) -> web.StreamResponse | None:
        """What the client gets although everything was done."""
        if fault.kind == "reset_after":
            return self._cut(request)
        if fault.kind == "timeout_after":
            return await self._hang(request, fault)
        if fault.kind == "malformed":
            return web.Response(text='{"ok": tru', content_type="application/json")

        return None

    async def _hang(self, request: web.Request, fault: Fault) -> web.StreamResponse:
        # The wait is for a client on the real clock, whatever clock the sandbox has.
        await asyncio.sleep(min(fault.seconds, HANG_SECONDS))
        return self._cut(request)

    def _cut(self, request: web.Request) -> web.StreamResponse:
        if request.transport is not None:
            reset(request.transport)
        return web.Response(status=499)


def _method(name: str) -> Method:
    if name not in METHODS:
        raise RefusalError("unknown_method", req_method=name)
    return METHODS[name]


async def _arguments(request: web.Request) -> tuple[Json, str]:
    """A call's arguments, from the URL, a form or JSON, and its token from the header or among them."""
    args: Json = dict(request.query)

    kind = request.content_type
    if kind == "application/json":
        try:
            body = json.loads(await request.text() or "{}")
        except ValueError:
            raise RefusalError("invalid_json") from None

        if not isinstance(body, dict):
            raise RefusalError("json_not_object")

        args |= body
    else:
        args |= {
            name: value for name, value in (await request.post()).items() if isinstance(value, str)
        }

    given = str(args.pop("token", ""))
    return args, _bearer(request) or given


def _bearer(request: web.Request) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
