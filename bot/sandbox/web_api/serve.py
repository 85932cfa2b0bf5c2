"""Serves Web API calls over HTTP: checks token, scopes, limits and faults, then runs the method."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from aiohttp import web

from bot.sandbox.context import SandboxContext
from bot.sandbox.delivery.socket_mode import reset_connection
from bot.sandbox.faults.faults import InjectedFault
from bot.sandbox.json_types import Json
from bot.sandbox.limits.token_scopes import TokenGrant
from bot.sandbox.web_api import METHODS
from bot.sandbox.web_api.call import Call, Method, RefusalError

FORM_ONLY = frozenset(
    {
        "chat.getPermalink",
        "conversations.history",
        "conversations.info",
        "conversations.list",
        "conversations.members",
        "conversations.replies",
        "files.getUploadURLExternal",
        "files.info",
        "files.list",
        "oauth.v2.access",
        "reactions.get",
        "team.info",
        "usergroups.list",
        "usergroups.users.list",
        "users.info",
        "users.list",
        "users.lookupByEmail",
    }
)
"""Methods that do not read a JSON body: those that only read, and some others."""
HANG_SECONDS = 600.0
"""A call without an answer is held until its client gives up, or for this long."""


@dataclass(slots=True)
class ApiResponse:
    """Status, JSON body and headers of the answer to a call."""

    status: int = 200
    body: Json = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


class WebApi:
    """The handler of `/api/<method>`."""

    def __init__(self, context: SandboxContext) -> None:
        self._context = context

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Returns Slack's answer, or the outcome of a fault that hits the call."""
        if self._context.is_down:
            return _reset(request)

        name = request.match_info["method"]
        token = _bearer_token(request)
        self._context.call_counts[name] += 1
        self._context.record_call(token, name)

        fault = self._context.faults.match_call(name)
        if fault is not None:
            failure = await self._fail_before(request, name, token, fault)
            if failure is not None:
                return failure

        response = await self._run_method(request, name)

        if fault is not None:
            failure = await self._fail_after(request, fault)
            if failure is not None:
                return failure

        return web.json_response(response.body, status=response.status, headers=response.headers)

    async def _run_method(self, request: web.Request, name: str) -> ApiResponse:
        response = ApiResponse()
        # What a call does is seen before its answer arrives, sometimes long before.
        seconds = self._context.random.uniform(*self._context.latency)
        answering_seconds = self._context.random.uniform(0.0, seconds)
        await _pass(seconds - answering_seconds)

        try:
            method = _find_method(name)
            args, token = await _parse_arguments(request, name)
            # Slack reports scopes even with a refusal, which helps to find the missing one.
            grant = self._authorise(method, token)
            response.headers["x-oauth-scopes"] = ",".join(sorted(grant.scopes))
            if method.scopes:
                response.headers["x-accepted-oauth-scopes"] = ",".join(method.scopes)

            call = Call(self._context, name, args, grant, token)
            call.require_scope(*method.scopes)
            self._check_rate_limit(call, method)
            response.body = {"ok": True, **method.run(call), **_charset_warning(request)}
        except RefusalError as refusal:
            self._context.error_counts[refusal.code] += 1
            response.body = {"ok": False, "error": refusal.code}
            if refusal.code == "ratelimited":
                response.status = 429
                response.headers["Retry-After"] = str(refusal.fields["wait"])
            else:
                # Slack answers all other errors with status 200.
                response.body |= refusal.fields

        self._context.spend_call()
        await _pass(answering_seconds)
        return response

    def _authorise(self, method: Method, token: str) -> TokenGrant:
        """Returns the token's grant. Refuses a token that may not call this kind of method."""
        if not token:
            if method.kind == "any":
                return TokenGrant("bot", frozenset())
            raise RefusalError("not_authed")

        grant = self._context.tokens.find(token)
        if grant is None:
            raise RefusalError("invalid_auth")
        if grant.revoked:
            raise RefusalError("token_revoked")
        if method.kind not in ("any", grant.kind):
            raise RefusalError("not_allowed_token_type")

        return grant

    def _check_rate_limit(self, call: Call, method: Method) -> None:
        if not method.limited:
            return

        channel = str(call.args.get("channel", ""))
        wait = self._context.rate_limits.acquire(call.method, method.tier, channel)
        if wait is None:
            return

        # A post is limited in one channel; the client may go on posting to others.
        if method.tier is not None:
            self._context.record_rate_limit(call.token, call.method, wait)

        raise RefusalError("ratelimited", wait=wait)

    async def _fail_before(
        self, request: web.Request, name: str, token: str, fault: InjectedFault
    ) -> web.StreamResponse | None:
        """Returns the failure of a call that must not take effect, or None."""
        if fault.kind == "ratelimited":
            wait = max(1, round(fault.seconds))
            self._context.record_rate_limit(token, name, wait)
            self._context.error_counts["ratelimited"] += 1
            return web.json_response(
                {"ok": False, "error": "ratelimited"},
                status=429,
                headers={"Retry-After": str(wait)},
            )

        if fault.kind == "refused":
            self._context.error_counts[fault.error] += 1
            return web.json_response({"ok": False, "error": fault.error})

        if fault.kind.isdigit():
            page = "<html><body>Server Error</body></html>"
            return web.Response(status=int(fault.kind), text=page)

        if fault.kind == "reset_before":
            return _reset(request)
        if fault.kind == "timeout_before":
            return await _hang(request, fault)

        return None

    async def _fail_after(
        self, request: web.Request, fault: InjectedFault
    ) -> web.StreamResponse | None:
        """Returns the failure of a call that has taken effect, or None."""
        if fault.kind == "reset_after":
            return _reset(request)
        if fault.kind == "timeout_after":
            return await _hang(request, fault)
        if fault.kind == "malformed":
            return web.Response(text='{"ok": tru', content_type="application/json")

        return None


async def _hang(request: web.Request, fault: InjectedFault) -> web.StreamResponse:
    # The client waits in real time, whatever clock the sandbox uses.
    await asyncio.sleep(min(fault.seconds, HANG_SECONDS))
    return _reset(request)


def _reset(request: web.Request) -> web.StreamResponse:
    if request.transport is not None:
        reset_connection(request.transport)

    # The client never sees this response; aiohttp needs one.
    return web.Response(status=499)


async def _pass(seconds: float) -> None:
    """Returns after so many real seconds; at once after none."""
    if seconds > 0:
        await asyncio.sleep(seconds)


def _find_method(name: str) -> Method:
    if name not in METHODS:
        raise RefusalError("unknown_method", req_method=name)
    return METHODS[name]


async def _parse_arguments(request: web.Request, name: str) -> tuple[Json, str]:
    """Returns the arguments (URL, form or JSON) and the token (header, or in the form).

    Refuses a token in the address, where it would end in the logs of every proxy: `invalid_auth`.
    """
    if "token" in request.query:
        raise RefusalError("invalid_auth")

    is_json = request.content_type == "application/json"
    # The body is not looked at, so that what it holds is missing.
    body = {} if is_json and name in FORM_ONLY else await _parse_body(request)
    args: Json = {**request.query, **body}
    token_argument = "" if is_json else str(args.pop("token", ""))
    return args, _bearer_token(request) or token_argument


def _charset_warning(request: web.Request) -> Json:
    """Returns what Slack adds to its answer where a JSON body does not name its charset."""
    if request.content_type != "application/json" or request.charset is not None:
        return {}

    warning = "missing_charset"
    return {"warning": warning, "response_metadata": {"warnings": [warning]}}


async def _parse_body(request: web.Request) -> Mapping[str, object]:
    if request.content_type != "application/json":
        form = await request.post()
        return {name: value for name, value in form.items() if isinstance(value, str)}

    try:
        body = json.loads(await request.text() or "{}")
    except ValueError:
        raise RefusalError("invalid_json") from None

    if not isinstance(body, dict):
        raise RefusalError("json_not_object")

    return body


def _bearer_token(request: web.Request) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
