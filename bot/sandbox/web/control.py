"""The control API: the page, tests and benchmarks in other processes drive the sandbox's people through it.

All bodies and answers are JSON. A refusal is `{"ok": false, "error": "<code>", "detail":
"<sentence>"}` with status 400 (404 for something that is not there, 403 for a foreign host or
page). People are named by name (`ada`) or id.

`GET /sandbox/state?user=ada`: what one person sees (default: the first person).

    {"ok": true, "seq": 17,                          the last change it holds; follow with
     /sandbox/events?after=17 "team": {"id", "name", "domain"}, "me": user, "bot": user, "users":
     [user],       Slack's user objects: id, name, real_name, is_admin, is_bot, profile "channels":
     [channel],                          id, name, is_channel, is_private, is_im, user (of a DM),
     topic, purpose, members: [ids], bot_is_member; only those `me` is in or could join; a DM's name
     is "" "messages": {channel id: [message]},            Slack's message objects, the newest
     1,000, oldest first: type, ts, user, bot_id, text, blocks, thread_ts, reply_count, reply_users,
     latest_reply, reactions, edited, metadata, files, subtype ("tombstone": deleted, with replies),
     streaming: true while the bot is still writing it. `blocks`, where there are any, show all of
     the message (a stream's text is a `markdown` block, its tasks are `task_card` or `plan`
     blocks); `text` is then only the fallback "ephemerals": [message],                        also
     channel, user (who sees it, not its author), is_ephemeral: true; username "Slackbot" where
     Slack itself complains "statuses": [{"channel", "thread_ts", "status", "loading_messages"}],
     "sessions": [{"channel", "thread_ts", "status", "title"}],     status: processing, active,
     suspended, closed "prompts": [{"channel", "thread_ts", "title", "prompts": [{"title",
     "message"}]}], "views": [view],                                `me`'s open modals, bottom
     first; the last one is on top "home": view or null,                           `me`'s App Home
     "files": [file], "commands": [{"command", "description", "usage_hint"}], "shortcuts":
     [{"callback_id", "name", "type"}],                type: message, global "connected": true}
     a bot is listening (Socket Mode) or has a request URL (HTTP)

`GET /sandbox/events?user=ada&after=17`: server-sent events; each `data:` is one change, its `id:`
the `seq`. Without `user` every change is sent. A reconnecting EventSource gets what it missed;
`{"type": "reset"}` says that too much was missed and the state has to be read again. Changes:

    {"type": "message",   "seq", "channel", "ts", "thread_ts", "message": message}         a new
    message {"type": "update",    "seq", "channel", "ts", "thread_ts", "message": message}
    edited, streamed, answered {"type": "delete",    "seq", "channel", "ts", "thread_ts"} {"type":
    "reaction",  "seq", "channel", "ts", "thread_ts", "message": message} {"type": "ephemeral",
    "seq", "channel", "user", "ts", "thread_ts", "message": message or null}  null: it is gone
    {"type": "status",    "seq", "channel", "thread_ts", "status", "loading_messages"}         ""
    clears {"type": "session",   "seq", "channel", "thread_ts", "status", "title"} {"type":
    "prompts",   "seq", "channel", "thread_ts", "title", "prompts"} {"type": "view",      "seq",
    "user", "views": [view], "errors": {block_id: text}}         the whole stack, each time {"type":
    "home",      "seq", "user", "view": view} {"type": "channel",   "seq", "channel", "data":
    channel} {"type": "file",      "seq", "file": file} {"type": "connection","seq", "connected":
    bool} {"type": "delivery",  "seq", "name", "event_id", "attempt", "outcome"}    something was
    sent to the bot: `name` is an event's type, an interaction's type or a command; `outcome` is
    "acknowledged" or why not ("timeout", "connection_failed", …)

`POST /sandbox/act/<verb>`, body `{"user": "ada", ...}`; answers `{"ok": true, ...}`. Channels by id
or name (`general`, `#general`); `dm` or a person's DM id is the person's DM with the bot. `@beagle`
in a text is a mention of the bot.

    say         channel, text, thread_ts?, files? [file ids]   -> ts
    dm          text, thread_ts?                                -> ts, channel
    edit        channel, ts, text                               -> ts
    delete      channel, ts                                     -> ts
    react       channel, ts, name, remove? false                -> ts
    click       channel, ts, action_id, value?, block_id?, seen?-> acknowledged  also an ephemeral's ts, what was seen
    click_view  view_id, action_id, value?, block_id?, values?  -> acknowledged   view_id also of the home view
    submit_view view_id, values                                 -> errors {block_id: text} ({}: accepted), acknowledged
    close_view  view_id, all? false                             -> {}
    slash       channel, command ("/beagle"), text, thread_ts?  -> acknowledged
    shortcut    callback_id, channel?, ts?                      -> acknowledged   with channel and ts on a message
    open_home   tab ("home" | "messages")                       -> {}
    stop        channel, thread_ts                              -> {}        the Stop button of a session
    upload      channel, name, base64, thread_ts?, comment?     -> file (Slack's file object), ts
    join        channel                                         -> {}
    leave       channel                                         -> {}        member_left_channel
    invite_bot  channel                                         -> {}        member_joined_channel with the inviter
    suggest     channel, number, thread_ts?                     -> ts        says the suggested prompt (from 0)

    `click`'s `value`: of a select, radio or overflow the chosen option's value; of a multi-select
    or checkboxes a list of them; of feedback_buttons the chosen button's value; of date, time,
    user, channel pickers and text inputs what was chosen; of a button None, or its value where
    several share the action_id. `values` of a view: `{block_id: {action_id: value}}` or
    `{action_id: value}` with the same values; fields left out keep their initial value. A verb that
    waits for the bot (click, click_view, submit_view, slash, shortcut) returns when the bot has
    acknowledged, or after 3 s with `"acknowledged": false` (the person then also sees Slack's own
    complaint).

`GET  /sandbox/messages?channel=&thread_ts=`   -> messages, statuses: of a thread, or of a whole
channel `GET  /sandbox/calls`                          -> calls {method: number}, errors {code:
number}, deliveries {name: number}; deliveries also counts `retries` and `given_up` `GET
/sandbox/faults`                         -> faults [fault] `POST /sandbox/faults`   {"add": [fault]}
or {"clear": true}; fault: see bot/sandbox/faults/faults.py `POST /sandbox/limits`   {"on": bool}
Slack's rate limits `POST /sandbox/request_url` {"url": "http://127.0.0.1:3000/slack/events"}
deliver by signed HTTP; "": Socket Mode

Links to messages, as `chat.getPermalink` gives them, are `/archives/<channel>/p<ts without the
dot>[?thread_ts=]`; they lead to `/?channel=<channel>&ts=<ts>[&thread_ts=<thread>]`.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any, Protocol
from urllib.parse import urlencode

from aiohttp import web

from bot.sandbox.actions import act
from bot.sandbox.context import Platform
from bot.sandbox.delivery.signed_http import RequestUrlError
from bot.sandbox.element_values import ActError
from bot.sandbox.faults.faults import Fault, FaultError, read_fault
from bot.sandbox.web.sse import Feed
from bot.sandbox.web.user_view import state

Json = dict[str, Any]

MISSING = (
    "user_not_found",
    "channel_not_found",
    "message_not_found",
    "view_not_found",
    "unknown_verb",
)


class Switches(Protocol):
    """What the control API can change about the sandbox itself."""

    async def strike(self, fault: Fault) -> None:
        """The fault lies in wait, or strikes now if it is of that kind."""
        ...

    async def deliver_to(self, url: str) -> None:
        """Deliver to this request URL from now on, or with "" by Socket Mode. Raises RequestUrlError."""
        ...


class Control:
    """The handlers of `/sandbox/…`."""

    def __init__(self, platform: Platform, feed: Feed, switches: Switches) -> None:
        self._platform, self._feed, self._switches = platform, feed, switches

    def add_to(self, app: web.Application) -> None:
        """The routes are served by `app`."""
        app.router.add_get("/sandbox/state", self._state)
        app.router.add_get("/sandbox/events", self._events)
        app.router.add_get("/sandbox/messages", self._messages)
        app.router.add_get("/sandbox/calls", self._calls)
        app.router.add_get("/sandbox/faults", self._faults)
        app.router.add_get("/archives/{channel}/p{digits:[0-9]{7,}}", self._permalink)

        for path, change in {
            "/sandbox/act/{verb}": self._act,
            "/sandbox/faults": self._add_faults,
            "/sandbox/limits": self._limit,
            "/sandbox/request_url": self._deliver_to,
        }.items():
            app.router.add_post(path, _answering(change))

    async def _state(self, request: web.Request) -> web.Response:
        return web.json_response(
            {"ok": True, **state(self._platform, self._who(request, default=True))}
        )

    async def _events(self, request: web.Request) -> web.StreamResponse:
        user = self._who(request)["id"] if "user" in request.query else None
        return await self._feed.serve(request, user)

    async def _messages(self, request: web.Request) -> web.Response:
        workspace, thread = self._platform.workspace, request.query.get("thread_ts", "")
        place = workspace.channel(request.query.get("channel", ""))
        if place is None:
            return _refused("channel_not_found", "reading messages: there is no such channel", 404)

        channel = place["id"]
        found = (
            workspace.thread(channel, thread)
            if thread
            else list(workspace.messages[channel].values())
        )

        statuses = [
            s for (c, t), s in workspace.statuses.items() if c == channel and thread in ("", t)
        ]
        return web.json_response({"ok": True, "messages": found, "statuses": statuses})

    async def _calls(self, _: web.Request) -> web.Response:
        platform = self._platform
        return web.json_response(
            {
                "ok": True,
                "calls": platform.calls,
                "errors": platform.errors,
                "deliveries": platform.delivery.counts,
            }
        )

    async def _faults(self, _: web.Request) -> web.Response:
        return web.json_response({"ok": True, "faults": self._platform.faults.described()})

    async def _permalink(self, request: web.Request) -> web.Response:
        digits = request.match_info["digits"]
        where = {"channel": request.match_info["channel"], "ts": f"{digits[:-6]}.{digits[-6:]}"}
        if "thread_ts" in request.query:
            where["thread_ts"] = request.query["thread_ts"]

        raise web.HTTPFound(f"/?{urlencode(where)}")

    async def _act(self, request: web.Request, body: Json) -> Json:
        name = body.pop("user", "")
        return await act(self._platform, str(name), request.match_info["verb"], body)

    async def _add_faults(self, _: web.Request, body: Json) -> Json:
        if body.get("clear"):
            self._platform.faults.clear()
            self._platform.dead_until = 0.0

        described = body.get("add", [])
        if not isinstance(described, list):
            raise FaultError(f"adding faults: found {described!r}; 'add' is a list of faults")

        for fault in [read_fault(one) for one in described]:
            await self._switches.strike(fault)

        return {}

    async def _limit(self, _: web.Request, body: Json) -> Json:
        if not isinstance(body.get("on"), bool):
            raise ActError("invalid_arguments", "switching limits: 'on' is true or false")

        self._platform.rates.on = body["on"]
        return {}

    async def _deliver_to(self, _: web.Request, body: Json) -> Json:
        await self._switches.deliver_to(str(body.get("url", "")))
        return {}

    def _who(self, request: web.Request, *, default: bool = False) -> Json:
        humans = list(self._platform.workspace.humans())
        name = request.query.get("user", "")

        found = self._platform.workspace.user(name) if name else humans[0] if default else None
        if found is None or found["is_bot"]:
            detail = {
                "ok": False,
                "error": "user_not_found",
                "detail": f"there are {[h['name'] for h in humans]}",
            }

            raise web.HTTPNotFound(text=json.dumps(detail), content_type="application/json")

        return found


def _answering(
    change: Callable[[web.Request, Json], Awaitable[Json]],
) -> Callable[..., Awaitable[web.Response]]:
    """A handler that reads a JSON object, and answers with what `change` gives or why it refuses."""

    async def handle(request: web.Request) -> web.Response:
        try:
            body = json.loads(await request.text() or "{}")
        except ValueError:
            return _refused("invalid_json", "the body is not JSON", 400)

        if not isinstance(body, dict):
            return _refused("invalid_json", "the body is not a JSON object", 400)

        try:
            return web.json_response({"ok": True, **await change(request, body)})
        except ActError as error:
            return _refused(error.code, str(error), 404 if error.code in MISSING else 400)
        except FaultError as error:
            return _refused("invalid_fault", str(error), 400)
        except RequestUrlError as error:
            return _refused("invalid_url", str(error), 400)

    return handle


def _refused(code: str, detail: str, status: int) -> web.Response:
    return web.json_response({"ok": False, "error": code, "detail": detail}, status=status)
