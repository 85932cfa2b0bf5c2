"""conversations.*: channels, their members and their messages."""

from __future__ import annotations

from bot.sandbox.delivery import events
from bot.sandbox.json_types import Json
from bot.sandbox.limits.rate_limits import UNLISTED_PAGE
from bot.sandbox.web_api import messages
from bot.sandbox.web_api.call import Call, Method, RefusalError, paginate

TYPES = frozenset({"public_channel", "private_channel", "im", "mpim"})


def channel_view(call: Call, channel: Json) -> Json:
    """Returns a conversation as the Web API does."""
    view = {name: value for name, value in channel.items() if name != "members"}
    view["is_member"] = call.workspace.bot["id"] in channel["members"]
    if not channel["is_im"]:
        view["num_members"] = len(channel["members"])

    return view


def list_channels(call: Call) -> Json:
    """Returns the conversations of the requested types that the bot can see."""
    types = {name.strip() for name in call.text("types", "public_channel").split(",")}
    if not types <= TYPES:
        raise RefusalError("invalid_types")

    visible = []
    for channel in call.workspace.channels.values():
        channel_type = _type_of(channel)
        is_member = call.workspace.bot["id"] in channel["members"]
        if channel_type in types and (is_member or channel_type == "public_channel"):
            # The scope depends on the type, so a token may list some types only.
            call.require_channel_scope(channel, "read")
            visible.append(channel_view(call, channel))

    channels, cursor = paginate(call, visible)
    return {"channels": channels, "response_metadata": {"next_cursor": cursor}}


def list_own_channels(call: Call) -> Json:
    """Returns the conversations of the requested types that the bot is in."""
    page = list_channels(call)
    page["channels"] = [channel for channel in page["channels"] if channel["is_member"]]
    return page


def info(call: Call) -> Json:
    """Returns one conversation."""
    channel = call.channel(member=False)
    call.require_channel_scope(channel, "read")
    return {"channel": channel_view(call, channel)}


def members(call: Call) -> Json:
    """Returns the ids of a conversation's members."""
    channel = call.channel(member=False)
    call.require_channel_scope(channel, "read")
    page, cursor = paginate(call, [{"id": member} for member in channel["members"]])

    return {
        "members": [member["id"] for member in page],
        "response_metadata": {"next_cursor": cursor},
    }


def history(call: Call) -> Json:
    """Returns a conversation's messages without replies, newest first."""
    channel = call.channel()
    call.require_channel_scope(channel, "history")

    stored = call.workspace.messages[channel["id"]].values()
    roots = [m for m in stored if m.get("thread_ts") in (None, m["ts"])]
    newest_first = list(reversed(_within_bounds(call, roots)))

    return _messages_page(call, newest_first)


def replies(call: Call) -> Json:
    """Returns a message and its replies, oldest first."""
    channel = call.channel()
    call.require_channel_scope(channel, "history")
    ts = call.text("ts")

    message = call.workspace.message(channel["id"], ts)
    if message is None:
        raise RefusalError("thread_not_found")

    root_ts = message.get("thread_ts") or ts
    thread = call.workspace.thread(channel["id"], root_ts)

    # Slack returns the root whatever the bounds are.
    root = [m for m in thread if m["ts"] == root_ts]
    others = [m for m in thread if m["ts"] != root_ts]
    return _messages_page(call, root + _within_bounds(call, others))


def open_dm(call: Call) -> Json:
    """Returns the DM with one user."""
    if call.text("channel", ""):
        return {"channel": channel_view(call, call.channel(member=False))}

    users = [user for user in call.text("users", "").split(",") if user]
    if len(users) != 1:
        raise RefusalError("not_enough_users" if not users else "too_many_users")

    channel = call.workspace.dm(users[0])
    if channel is None:
        raise RefusalError("user_not_found")

    view = channel_view(call, channel) if call.flag("return_im") else {"id": channel["id"]}
    return {"channel": view, "already_open": True}


def join(call: Call) -> Json:
    """Lets the bot join a public channel."""
    channel = call.channel(member=False)
    if channel["is_im"] or channel["is_private"]:
        raise RefusalError("method_not_supported_for_channel_type")

    # Joining twice is a warning, not an error.
    bot = call.workspace.bot["id"]
    if bot in channel["members"]:
        return {"channel": channel_view(call, channel), "warning": "already_in_channel"}

    call.workspace.set_members(channel["id"], [*channel["members"], bot])
    events.publish_join(call.context, channel["id"], bot)
    return {"channel": channel_view(call, channel)}


def _type_of(channel: Json) -> str:
    if channel["is_im"]:
        return "im"
    if channel["is_mpim"]:
        return "mpim"

    return "private_channel" if channel["is_private"] else "public_channel"


def _within_bounds(call: Call, stored: list[Json]) -> list[Json]:
    """Returns the messages between `oldest` and `latest`, exclusive unless `inclusive` is set."""
    oldest = call.text("oldest", "")
    latest = call.text("latest", "")
    try:
        low = float(oldest or 0)
        high = float(latest or "inf")
    except ValueError:
        raise RefusalError("invalid_ts_oldest" if oldest else "invalid_ts_latest") from None

    if call.flag("inclusive"):
        return [m for m in stored if low <= float(m["ts"]) <= high]

    return [m for m in stored if low < float(m["ts"]) < high]


def _messages_page(call: Call, stored: list[Json]) -> Json:
    metadata = call.flag("include_all_metadata")
    views = []
    for message in stored:
        view = messages.api_view(message, metadata=metadata)
        views.append(view | messages.foreign_author(call, message))

    if call.context.rate_limits.unlisted:
        page, cursor = paginate(call, views, UNLISTED_PAGE, UNLISTED_PAGE)
    else:
        page, cursor = paginate(call, views)

    answer: Json = {"messages": page, "has_more": bool(cursor)}

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
    "users.conversations": Method(list_own_channels, tier=3),
    "conversations.join": Method(join, ("channels:join",), tier=3),
}
