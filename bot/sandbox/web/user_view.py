"""What one person sees: the whole state of the page, and which of the changes concern them."""

from __future__ import annotations

from itertools import islice
from typing import Any

from bot.sandbox.context import Platform
from bot.sandbox.workspace import Workspace

Json = dict[str, Any]

MESSAGES = 1000
"""How many of a channel's newest messages a state holds."""


def sees(workspace: Workspace, user: str, change: Json) -> bool:
    """Whether the change shows on this person's screen."""
    kind = change["type"]
    if kind in ("view", "home", "ephemeral"):
        return bool(change["user"] == user)

    if kind == "file":
        shared = any(_open(workspace, user, channel) for channel in change["file"]["channels"])
        return shared or bool(change["file"]["user"] == user)

    return "channel" not in change or _open(workspace, user, change["channel"])


def state(platform: Platform, user: Json) -> Json:
    """All that this person sees now."""
    workspace, me = platform.workspace, user["id"]
    places = [
        channel for channel in workspace.channels.values() if _open(workspace, me, channel["id"])
    ]
    ids = {channel["id"] for channel in places}

    return {
        "seq": workspace.seq,
        "team": workspace.team,
        "me": user,
        "bot": workspace.bot,
        "users": list(workspace.users.values()),
        "channels": [shown(workspace, channel) for channel in places],
        "messages": {channel: _newest(workspace.messages[channel]) for channel in ids},
        "ephemerals": [m for m in workspace.ephemerals.values() if m["user"] == me],
        "statuses": [one for (channel, _), one in workspace.statuses.items() if channel in ids],
        "sessions": [one for (channel, _), one in workspace.sessions.items() if channel in ids],
        "prompts": [one for (channel, _), one in workspace.prompts.items() if channel in ids],
        "views": workspace.views.get(me, []),
        "home": workspace.homes.get(me),
        "files": [
            f for f in workspace.files.values() if sees(workspace, me, {"type": "file", "file": f})
        ],
        "commands": list(platform.commands),
        "shortcuts": list(platform.shortcuts),
        "connected": workspace.connected,
    }


def shown(workspace: Workspace, channel: Json) -> Json:
    """A channel as the page gets it."""
    return {"name": "", **channel, "bot_is_member": workspace.bot["id"] in channel["members"]}


def _newest(messages: dict[str, Json]) -> list[Json]:
    return list(islice(messages.values(), max(0, len(messages) - MESSAGES), None))


def _open(workspace: Workspace, user: str, channel: str) -> bool:
    """Whether the person is in the channel or could join it."""
    found = workspace.channels.get(channel)
    return found is not None and (not found["is_private"] or user in found["members"])
