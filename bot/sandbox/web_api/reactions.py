"""reactions.*: emoji on messages."""

from __future__ import annotations

import re
from typing import Any

from bot.sandbox.delivery import events
from bot.sandbox.web_api.call import Call, Method, RefusalError
from bot.sandbox.web_api.messages import visible

Json = dict[str, Any]

NAME = re.compile(r"[a-z0-9_+'-]{1,100}(::skin-tone-[2-6])?")


def add(call: Call) -> Json:
    """The bot's reaction stands."""
    return _set(call, added=True)


def remove(call: Call) -> Json:
    """The bot's reaction is gone."""
    return _set(call, added=False)


def get(call: Call) -> Json:
    """A message with its reactions."""
    channel, message = _message(call)
    return {"type": "message", "channel": channel["id"], "message": visible(message)}


def _set(call: Call, *, added: bool) -> Json:
    channel, message = _message(call)
    name = call.text("name").strip(":")
    if not NAME.fullmatch(name):
        raise RefusalError("invalid_name")

    bot = call.workspace.bot["id"]
    if not call.workspace.react(channel["id"], message["ts"], bot, name, add=added):
        raise RefusalError("already_reacted" if added else "no_reaction")

    events.reacted(call.platform, channel["id"], message["ts"], bot, name, added=added)
    return {}


def _message(call: Call) -> tuple[Json, Json]:
    channel = call.channel()
    message = call.workspace.message(channel["id"], call.text("timestamp"))
    if message is None:
        raise RefusalError("message_not_found")

    return channel, message


METHODS = {
    "reactions.add": Method(add, ("reactions:write",), tier=3),
    "reactions.remove": Method(remove, ("reactions:write",), tier=2),
    "reactions.get": Method(get, ("reactions:read",), tier=3),
}
