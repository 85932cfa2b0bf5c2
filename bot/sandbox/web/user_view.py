"""What one user can see: the page's whole state, and which changes are visible."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from bot.sandbox.context import SandboxContext
from bot.sandbox.json_types import Json
from bot.sandbox.web_api.files import conversations_of
from bot.sandbox.workspace import ThreadKey, Workspace

MESSAGE_LIMIT = 1000
"""How many of each channel's newest messages a state holds."""


def is_visible(workspace: Workspace, user: str, change: Json) -> bool:
    """Returns whether a change is visible to this user."""
    kind = change["type"]
    if kind in ("view", "home", "ephemeral"):
        return bool(change["user"] == user)

    if kind == "user":
        return True

    if kind == "file":
        return _can_read_file(workspace, user, change["file"])

    return "channel" not in change or _can_read(workspace, user, change["channel"])


def user_state(context: SandboxContext, user: Json) -> Json:
    """Returns everything that a user can see now, as described in `bot/sandbox/web/control.py`."""
    workspace = context.workspace
    me = user["id"]

    channels = []
    messages = {}
    for channel_id, channel in workspace.channels.items():
        if _can_read(workspace, me, channel_id):
            channels.append(channel_view(workspace, channel))
            messages[channel_id] = _newest(workspace.messages[channel_id])

    return {
        "seq": workspace.seq,
        "team": workspace.team,
        "me": user,
        "bot": workspace.bot,
        "users": list(workspace.users.values()),
        "channels": channels,
        "messages": messages,
        "ephemerals": [m for m in workspace.ephemerals.values() if m["user"] == me],
        "statuses": _in_channels(workspace.statuses, messages),
        "sessions": _in_channels(workspace.sessions, messages),
        "prompts": _in_channels(workspace.prompts, messages),
        "views": workspace.views.get(me, []),
        "home": workspace.homes.get(me),
        "files": [f for f in workspace.files.values() if _can_read_file(workspace, me, f)],
        "commands": list(context.commands),
        "shortcuts": list(context.shortcuts),
        "connected": workspace.connected,
        "notice": workspace.notice,
    }


def channel_view(workspace: Workspace, channel: Json) -> Json:
    """Returns a channel as the page receives it."""
    return {"name": "", **channel, "bot_is_member": workspace.bot["id"] in channel["members"]}


def _newest(messages: dict[str, Json]) -> list[Json]:
    """Returns the newest messages, oldest first: dicts keep the order of posting."""
    return list(islice(messages.values(), max(0, len(messages) - MESSAGE_LIMIT), None))


def _in_channels(by_thread: dict[ThreadKey, Json], channels: Iterable[str]) -> list[Json]:
    visible = set(channels)
    return [entry for (channel, _), entry in by_thread.items() if channel in visible]


def _can_read(workspace: Workspace, user: str, channel_id: str) -> bool:
    """Returns whether the user is in the channel or could join it."""
    channel = workspace.channels.get(channel_id)
    if channel is None:
        return False

    is_open = not channel["is_private"] and workspace.sees_public_channels(workspace.users[user])
    return is_open or user in channel["members"]


def _can_read_file(workspace: Workspace, user: str, file: Json) -> bool:
    is_shared = any(_can_read(workspace, user, channel) for channel in conversations_of(file))
    return is_shared or bool(file["user"] == user)
