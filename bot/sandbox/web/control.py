"""The control API, by which the page, tests and benchmarks act as the sandbox's users.

Each request holds this run's token, as the header `X-Sandbox-Token` or the parameter `token`. All
bodies and answers are JSON. A refusal is `{"ok": false, "error": "<code>", "detail":
"<sentence>"}` with status 400, or 404 for something that does not exist, or 403 for a foreign host
or page, or without the token. Users are named by name (`ada`) or id.

`GET /sandbox/state?user=ada` returns what one user can see (default: the first one):

    {"ok": true,
     "seq": 17,               the last change in it; continue with /sandbox/events?after=17
     "team": {"id", "name", "domain"},
     "me": user, "bot": user, "users": [user],
     "channels": [channel],   those that `me` is in or could join
     "messages": {channel id: [message]},    the newest 1,000, oldest first
     "ephemerals": [message],
     "statuses": [{"channel", "thread_ts", "status", "loading_messages"}],
     "sessions": [{"channel", "thread_ts", "status", "title"}],
     "prompts": [{"channel", "thread_ts", "title", "prompts": [{"title", "message"}]}],
     "views": [view],         the open modals of `me`, bottom first
     "home": view or null,    the App Home of `me`
     "files": [file],
     "commands": [{"command", "description", "usage_hint"}],
     "shortcuts": [{"callback_id", "name", "type"}],    type: message, global
     "connected": true,       a bot is listening (Socket Mode) or has a request URL (HTTP)
     "notice": ""}            a line about the bot's processes, if something happened to one

    user       Slack's object: id, name, real_name, is_admin, is_bot, profile
    channel    id, name ("" for a DM), is_channel, is_private, is_im, user (of a DM), topic,
               purpose, members: [ids], bot_is_member
    message    Slack's object: type, ts, user, bot_id, text, blocks, thread_ts, reply_count,
               reply_users, latest_reply, reactions, edited, metadata, files, subtype ("tombstone":
               deleted, with replies), streaming (true while the bot is writing it).
               `blocks`, if any, are the whole message and `text` is only their fallback: the text
               of a stream is a `markdown` block, its tasks are `task_card` or `plan` blocks.
    ephemeral  also channel, user (the recipient, not the author), is_ephemeral: true; username
               "Slackbot" for Slack's own errors
    session    status: processing, active, suspended, closed

`GET /sandbox/events?user=ada&after=17` returns server-sent events: each `data:` is one change, its
`id:` the `seq`. Without `user` all changes are sent. An EventSource that reconnects receives what
it missed, or `{"type": "reset"}` if that is no longer kept and the state must be read again. The
same address takes a WebSocket; each of its messages is one change.
Changes, each with "type" and "seq":

    message     "channel", "ts", "thread_ts", "message": a new message
    update      "channel", "ts", "thread_ts", "message": edited, streamed, answered
    delete      "channel", "ts", "thread_ts"
    reaction    "channel", "ts", "thread_ts", "message"
    ephemeral   "channel", "user", "ts", "thread_ts", "message" (null: deleted)
    status      "channel", "thread_ts", "status" ("": cleared), "loading_messages"
    session     "channel", "thread_ts", "status", "title"
    prompts     "channel", "thread_ts", "title", "prompts"
    view        "user", "views": the whole stack, "errors": {block_id: text}
    home        "user", "view"
    channel     "channel", "data": channel
    file        "file"
    user        "user": somebody new
    connection  "connected": bool
    notice      "text": a line about the bot's processes; "" removes it
    delivery    "name": an event type, interaction type or command, "event_id", "attempt",
                "outcome": "acknowledged" or why not ("timeout", "connection_failed", ...)

`POST /sandbox/act/<verb>` with body `{"user": "ada", ...}` answers `{"ok": true, ...}`. Channels
are ids or names (`general`, `#general`); `dm` or a DM's id is the user's DM with the bot. `@beagle`
in a text mentions the bot. Arguments, and what is returned:

    say         channel, text, thread_ts?, files? [file ids] -> ts
    dm          text, thread_ts? -> ts, channel
    forward     channel, source: the message's channel, ts, text?, thread_ts? -> ts
    edit        channel, ts, text -> ts
    delete      channel, ts -> ts
    react       channel, ts, name, remove? false -> ts
    click       channel, ts (also an ephemeral's), action_id, value?, block_id?,
                seen? an earlier version of the message -> acknowledged
    click_view  view_id (also the App Home's), action_id, value?, block_id?,
                values? -> acknowledged
    submit_view view_id, values -> errors {block_id: text} ({}: accepted), acknowledged
    close_view  view_id, all? false -> {}
    slash       channel, command ("/beagle"), text, thread_ts? -> acknowledged
    shortcut    callback_id, channel? and ts? of a message -> acknowledged
    open_home   tab ("home" | "messages") -> {}
    stop        channel, thread_ts: the Stop button of a session -> {}
    upload      channel, name, base64, thread_ts?, comment? -> file (Slack's file object), ts
    join        channel -> {}
    leave       channel: sends member_left_channel -> {}
    invite_bot  channel: sends member_joined_channel with the inviter -> {}
    convert     channel, private: makes it private or public, by an admin -> ts
    set_guest   name, guest, single_channel? false: makes a person a guest or a member, by an
                admin -> {}
    invite      channel, name: sends member_joined_channel with the inviter -> {}
    open_group  names [user names]: opens a group DM with them and the bot -> channel
    share_channel    channel, team: another workspace, host? false: it is theirs; by an admin -> {}
    unshare_channel  channel, team: its people leave; by an admin -> {}
    suggest     channel, number, thread_ts?: posts the suggested prompt (from 0) -> ts

    The `value` of `click` is the value of the option or button that was chosen, a list of them for
    multi-selects and checkboxes, or what was picked or typed. A button needs a value only if
    several share the action_id. `values` of a view are `{block_id: {action_id: value}}` or
    `{action_id: value}`; inputs that are left out keep their initial value. A verb that waits for
    the bot (click, click_view, submit_view, slash, shortcut) returns once the bot has acknowledged,
    or after 3 s with `"acknowledged": false`, and the user sees Slack's own error.

Other requests:

    GET  /sandbox/messages?channel=&thread_ts=  messages and statuses of a channel or thread
    GET  /sandbox/calls                         calls {method: number}, errors {code: number},
                                                deliveries {name: number} with `retries`, `given_up`
    GET  /sandbox/faults                        faults [fault]
    POST /sandbox/faults                        {"add": [fault]} or {"clear": true}; see
                                                bot/sandbox/faults/faults.py
    POST /sandbox/limits                        {"on": bool}: Slack's rate limits
    POST /sandbox/request_url                   {"url": "http://127.0.0.1:3000/slack/events"}:
                                                deliver by signed HTTP; "": by Socket Mode

Links to messages, as `chat.getPermalink` returns them, are `/archives/<channel>/p<ts without the
dot>[?thread_ts=]`; they redirect to `/?channel=<channel>&ts=<ts>[&thread_ts=<thread>]`.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Protocol
from urllib.parse import urlencode

from aiohttp import web

from bot.sandbox.actions import perform_action
from bot.sandbox.context import SandboxContext
from bot.sandbox.delivery.signed_http import RequestUrlError
from bot.sandbox.element_values import ActionError
from bot.sandbox.faults.faults import FaultError, InjectedFault, parse_fault
from bot.sandbox.json_types import Json
from bot.sandbox.web.sse import EventStream
from bot.sandbox.web.user_view import user_state

NOT_FOUND_CODES = (
    "user_not_found",
    "channel_not_found",
    "message_not_found",
    "view_not_found",
    "unknown_verb",
)
"""Error codes that are answered with status 404."""

JsonAction = Callable[[web.Request, Json], Awaitable[Json]]


class SandboxControls(Protocol):
    """What the control API can change about the sandbox itself."""

    async def apply_fault(self, fault: InjectedFault) -> None:
        """Adds a fault, or applies it at once if it is one of IMMEDIATE_KINDS."""
        ...

    async def set_request_url(self, url: str) -> None:
        """Delivers to this request URL; by Socket Mode if it is empty. Raises RequestUrlError."""
        ...


class ControlApi:
    """The handlers of `/sandbox/...` and of message links."""

    def __init__(
        self, context: SandboxContext, stream: EventStream, controls: SandboxControls
    ) -> None:
        self._context = context
        self._stream = stream
        self._controls = controls

    def add_to(self, app: web.Application) -> None:
        """Adds the routes to `app`."""
        app.router.add_get("/sandbox/state", self._state)
        app.router.add_get("/sandbox/events", self._events)
        app.router.add_get("/sandbox/messages", self._messages)
        app.router.add_get("/sandbox/calls", self._calls)
        app.router.add_get("/sandbox/faults", self._faults)
        app.router.add_get("/archives/{channel}/p{digits:[0-9]{7,}}", self._permalink)

        app.router.add_post("/sandbox/act/{verb}", _json_handler(self._act))
        app.router.add_post("/sandbox/faults", _json_handler(self._add_faults))
        app.router.add_post("/sandbox/limits", _json_handler(self._set_limits))
        app.router.add_post("/sandbox/request_url", _json_handler(self._set_request_url))

    async def _state(self, request: web.Request) -> web.Response:
        user = self._find_user(request.query.get("user") or self._user_names()[0])
        return web.json_response({"ok": True, **user_state(self._context, user)})

    async def _events(self, request: web.Request) -> web.StreamResponse:
        user_id = None
        if "user" in request.query:
            user_id = self._find_user(request.query["user"])["id"]

        return await self._stream.serve(request, user_id)

    async def _messages(self, request: web.Request) -> web.Response:
        workspace = self._context.workspace
        thread_ts = request.query.get("thread_ts", "")

        channel = workspace.channel(request.query.get("channel", ""))
        if channel is None:
            return _refusal("channel_not_found", "reading messages: there is no such channel", 404)

        if thread_ts:
            messages = workspace.thread(channel["id"], thread_ts)
        else:
            messages = list(workspace.messages[channel["id"]].values())

        statuses = []
        for (status_channel, status_thread), status in workspace.statuses.items():
            if status_channel == channel["id"] and thread_ts in ("", status_thread):
                statuses.append(status)

        return web.json_response({"ok": True, "messages": messages, "statuses": statuses})

    async def _calls(self, _: web.Request) -> web.Response:
        return web.json_response(
            {
                "ok": True,
                "calls": self._context.call_counts,
                "errors": self._context.error_counts,
                "deliveries": self._context.dispatcher.counts,
            }
        )

    async def _faults(self, _: web.Request) -> web.Response:
        return web.json_response({"ok": True, "faults": self._context.faults.describe()})

    async def _permalink(self, request: web.Request) -> web.Response:
        # Slack's links leave out the dot of the ts, which precedes its last six digits.
        digits = request.match_info["digits"]
        query = {"channel": request.match_info["channel"], "ts": f"{digits[:-6]}.{digits[-6:]}"}
        if "thread_ts" in request.query:
            query["thread_ts"] = request.query["thread_ts"]

        raise web.HTTPFound(f"/?{urlencode(query)}")

    async def _act(self, request: web.Request, body: Json) -> Json:
        name = str(body.pop("user", ""))
        return await perform_action(self._context, name, request.match_info["verb"], body)

    async def _add_faults(self, _: web.Request, body: Json) -> Json:
        if body.get("clear"):
            self._context.faults.clear()
            self._context.down_until = 0.0

        descriptions = body.get("add", [])
        if not isinstance(descriptions, list):
            raise FaultError(f"adding faults: found {descriptions!r}; 'add' is a list of faults")

        # Parse all of them first, so that an invalid one leaves none of them applied.
        faults = [parse_fault(description) for description in descriptions]
        for fault in faults:
            await self._controls.apply_fault(fault)

        return {}

    async def _set_limits(self, _: web.Request, body: Json) -> Json:
        if not isinstance(body.get("on"), bool):
            raise ActionError("invalid_arguments", "switching limits: 'on' is true or false")

        self._context.rate_limits.enabled = body["on"]
        return {}

    async def _set_request_url(self, _: web.Request, body: Json) -> Json:
        await self._controls.set_request_url(str(body.get("url", "")))
        return {}

    def _user_names(self) -> list[str]:
        return [human["name"] for human in self._context.workspace.humans()]

    def _find_user(self, name: str) -> Json:
        """Returns a human by name or id. Raises HTTPNotFound."""
        user = self._context.workspace.user(name)
        if user is None or user["is_bot"]:
            detail = {
                "ok": False,
                "error": "user_not_found",
                "detail": f"there are {self._user_names()}",
            }
            raise web.HTTPNotFound(text=json.dumps(detail), content_type="application/json")

        return user


def _json_handler(action: JsonAction) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Returns a handler that parses a JSON object and answers with the result or the refusal."""

    async def handle(request: web.Request) -> web.Response:
        try:
            body = json.loads(await request.text() or "{}")
        except ValueError:
            return _refusal("invalid_json", "the body is not JSON", 400)

        if not isinstance(body, dict):
            return _refusal("invalid_json", "the body is not a JSON object", 400)

        try:
            return web.json_response({"ok": True, **await action(request, body)})
        except ActionError as error:
            status = 404 if error.code in NOT_FOUND_CODES else 400
            return _refusal(error.code, str(error), status)
        except FaultError as error:
            return _refusal("invalid_fault", str(error), 400)
        except RequestUrlError as error:
            return _refusal("invalid_url", str(error), 400)

    return handle


def _refusal(code: str, detail: str, status: int) -> web.Response:
    return web.json_response({"ok": False, "error": code, "detail": detail}, status=status)
