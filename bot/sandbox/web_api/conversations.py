"""conversations.*: channels, their members and what was said in them."""

from __future__ import annotations

from typing import Any

from bot.sandbox.delivery import events
from bot.sandbox.web_api import messages
from bot.sandbox.web_api.call import Call, Method, RefusalError, page

Json = dict[str, Any]


def shown(call: Call, channel: Json) -> Json:
    """A conversation as the Web API returns it."""
    made = {name: value for name, value in channel.items() if name != "members"}
    made["is_member"] = call.workspace.bot["id"] in channel["members"]
    if not channel["is_im"]:
        made["num_members"] = len(channel["members"])

    return made


def list_channels(call: Call) -> Json:
    """The conversations that the bot can see, of the sorts asked for."""
    sorts = {sort.strip() for sort in call.text("types", "public_channel").split(",")}
    unknown = sorts - {"public_channel", "private_channel", "im", "mpim"}
    if unknown:
        raise RefusalError("invalid_types")

    seen = []
    for channel in call.workspace.channels.values():
        sort = (
            "im"
            if channel["is_im"]
            else "private_channel"
            if channel["is_private"]
            else "public_channel"
        )

        inside = call.workspace.bot["id"] in channel["members"]
        if sort in sorts and (inside or sort == "public_channel"):
            call.allow_in(channel, "read")
            seen.append(shown(call, channel))

    channels, cursor = page(call, seen)
    return {"channels": channels, "response_metadata": {"next_cursor": cursor}}


def info(call: Call) -> Json:
    """One conversation."""
    channel = call.channel(member=False)
    call.allow_in(channel, "read")
    return {"channel": shown(call, channel)}


def members(call: Call) -> Json:
    """Who is in a conversation."""
    channel = call.channel(member=False)
    call.allow_in(channel, "read")
    found, cursor = page(call, [{"id": member} for member in channel["members"]])

    return {
        "members": [member["id"] for member in found],
        "response_metadata": {"next_cursor": cursor},
    }


def history(call: Call) -> Json:
    """What stands in a conversation outside threads, newest first."""
    channel = call.channel()
    call.allow_in(channel, "history")
    kept = call.workspace.messages[channel["id"]].values()
    top = [m for m in kept if m.get("thread_ts") in (None, m["ts"])]

    return _messages(call, list(reversed(_between(call, top))))


def replies(call: Call) -> Json:
    """A message and the replies to it, oldest first."""
    channel = call.channel()
    call.allow_in(channel, "history")
    ts = call.text("ts")

    message = call.workspace.message(channel["id"], ts)
    if message is None:
        raise RefusalError("thread_not_found")

    root = message.get("thread_ts") or ts
    thread = call.workspace.thread(channel["id"], root)
    # Slack returns the root whatever the bounds are.
    found = [m for m in thread if m["ts"] == root] + _between(
        call, [m for m in thread if m["ts"] != root]
    )

    return _messages(call, found)


def open_dm(call: Call) -> Json:
    """The direct messages with one person."""
    users = [user for user in call.text("users", "").split(",") if user]
    if call.text("channel", ""):
        return {"channel": shown(call, call.channel(member=False))}
    if len(users) != 1:
        raise RefusalError("not_enough_users" if not users else "too_many_users")

    channel = call.workspace.dm(users[0])
    if channel is None:
        raise RefusalError("user_not_found")

    return {
        "channel": shown(call, channel) if call.flag("return_im") else {"id": channel["id"]},
        "already_open": True,
    }


def join(call: Call) -> Json:
    """The bot is a member of a public channel."""
    channel = call.channel(member=False)
    if channel["is_im"] or channel["is_private"]:
        raise RefusalError("method_not_supported_for_channel_type")

    bot = call.workspace.bot["id"]
    if bot in channel["members"]:
        return {"channel": shown(call, channel), "warning": "already_in_channel"}

    call.workspace.set_members(channel["id"], [*channel["members"], bot])
    events.joined(call.platform, channel["id"], bot)
    return {"channel": shown(call, channel)}


def _between(call: Call, found: list[Json]) -> list[Json]:
    """The messages within the call's bounds."""
    oldest, latest = call.text("oldest", ""), call.text("latest", "")
    try:
        low, high = float(oldest or 0), float(latest or "inf")
    except ValueError:
        raise RefusalError("invalid_ts_oldest" if oldest else "invalid_ts_latest") from None

    if call.flag("inclusive"):
        return [m for m in found if low <= float(m["ts"]) <= high]

    return [m for m in found if low < float(m["ts"]) < high]


def _messages(call: Call, found: list[Json]) -> Json:
    metadata = call.flag("include_all_metadata")
    part, cursor = page(call, [messages.visible(m, metadata=metadata) for m in found])
    answer: Json = {"messages": part, "has_more": bool(cursor)}

    if cursor:
        answer["response_metadata"] = {"next_cursor": cursor}

    return answer


METHODS = {
    "conversations.list": Method(list_channels, tier=2),
    "conversations.info": Method(info, tier=3),
    "conversations.members": Method(members, tier=4),
    "conversations.history": Method(history, tier=3),
    "conversations.replies": Method(replies, tier=3),
    "conversations.open": Method(open_dm, ("im:write", "mpim:write"), tier=3),
    "conversations.join": Method(join, ("channels:join",), tier=3),
}
