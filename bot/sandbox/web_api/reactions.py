"""reactions.*: emoji on messages."""

from __future__ import annotations

import re

from bot.sandbox.delivery import events
from bot.sandbox.json_types import Json
from bot.sandbox.web_api.call import Call, Method, RefusalError
from bot.sandbox.web_api.messages import api_view

NAME = re.compile(r"[a-z0-9_+'-]{1,100}(::skin-tone-[2-6])?")


def add(call: Call) -> Json:
    """Adds the bot's reaction."""
    return _set_reaction(call, added=True)


def remove(call: Call) -> Json:
    """Removes the bot's reaction."""
    return _set_reaction(call, added=False)


def get(call: Call) -> Json:
    """Returns a message with its reactions."""
    channel, message = _find_message(call)
    return {"type": "message", "channel": channel["id"], "message": api_view(message)}


def _set_reaction(call: Call, *, added: bool) -> Json:
    channel, message = _find_message(call)
    name = call.text("name").strip(":")
    if not NAME.fullmatch(name):
        raise RefusalError("invalid_name")

    bot = call.workspace.bot["id"]
    if not call.workspace.react(channel["id"], message["ts"], bot, name, add=added):
        raise RefusalError("already_reacted" if added else "no_reaction")

    events.publish_reaction(call.context, channel["id"], message["ts"], bot, name, added=added)
    return {}


def _find_message(call: Call) -> tuple[Json, Json]:
    """Returns the channel and the message that the call names."""
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
