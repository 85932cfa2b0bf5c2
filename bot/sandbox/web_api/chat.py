"""chat.*: posting, updating, deleting and scheduling messages."""

from __future__ import annotations

from bot.sandbox.delivery import events
from bot.sandbox.json_types import Json
from bot.sandbox.web_api import messages, streams
from bot.sandbox.web_api.call import Call, Method, RefusalError, paginate

MAX_SCHEDULE_SECONDS = 120 * 86_400
UNDELETABLE_SECONDS = 60
"""So shortly before it is posted no scheduled message can be deleted."""
SCHEDULE_WINDOW, MAX_IN_WINDOW = 300, 30
"""Scheduled messages that Slack takes for one channel in five minutes."""


def post_message(call: Call) -> Json:
    """Posts a message by the bot in a channel or thread."""
    channel = call.channel()
    content = messages.parse_content(call)

    metadata = messages.parse_metadata(call)
    if metadata is not None:
        content["metadata"] = metadata

    thread = messages.resolve_thread(call, channel)
    if thread is not None:
        content["thread_ts"] = thread

    message = call.workspace.post(channel["id"], messages.bot_message(call, **content))
    events.publish_message(call.context, channel["id"], message)

    return {
        "channel": channel["id"],
        "ts": message["ts"],
        "message": messages.api_view(message, metadata=True),
        **messages.truncation_warning(call),
    }


def post_ephemeral(call: Call) -> Json:
    """Posts a message that only one user can see."""
    channel = call.channel()
    user = call.user()
    if user["id"] not in channel["members"]:
        raise RefusalError("user_not_in_channel")

    content = messages.parse_content(call)
    thread = messages.resolve_thread(call, channel)
    if thread is not None:
        content["thread_ts"] = thread

    message = messages.bot_message(call, **content)
    stored = call.workspace.post_ephemeral(channel["id"], user["id"], message)
    return {"message_ts": stored["ts"]}


def update(call: Call) -> Json:
    """Updates a message by the bot. Fields that are not given stay as they are."""
    channel = call.channel()
    message = messages.find_own_message(call, channel, call.text("ts"), "cant_update_message")
    # An open stream changes by appends only.
    if streams.is_open(call, message):
        raise RefusalError("streaming_state_conflict")

    text = call.text("text", "")
    blocks = messages.parse_blocks(call)
    metadata = messages.parse_metadata(call)
    markdown = call.text("markdown_text", "")

    # Slack's limit for an updated text is lower than for a new one.
    if len(text) > messages.UPDATE_LIMIT:
        raise RefusalError("msg_too_long")

    has_content = text.strip() or blocks or markdown or call.args.get("attachments")
    if not has_content:
        raise RefusalError("no_text")

    before = dict(message)
    fields: Json = {"edited": {"user": call.workspace.bot["id"], "ts": call.workspace.next_ts()}}

    if markdown:
        fields |= messages.parse_content(call)
    else:
        # An empty value removes the field, a missing one keeps it.
        if call.args.get("text") is not None:
            fields["text"] = text
        if blocks is not None:
            fields["blocks"] = blocks or None

    if metadata is not None:
        fields["metadata"] = metadata

    message = call.workspace.update_message(channel["id"], message["ts"], **fields)
    events.publish_change(call.context, channel["id"], message, before)

    return {
        "channel": channel["id"],
        "ts": message["ts"],
        "text": message.get("text", ""),
        "message": messages.api_view(message, metadata=True),
    }


def delete(call: Call) -> Json:
    """Deletes a message by the bot."""
    channel = call.channel()
    message = messages.find_own_message(call, channel, call.text("ts"), "cant_delete_message")
    # An open stream has to be stopped first.
    if streams.is_open(call, message):
        raise RefusalError("cant_delete_message")

    before = call.workspace.delete_message(channel["id"], message["ts"])
    events.publish_deletion(call.context, channel["id"], before)

    return {"channel": channel["id"], "ts": message["ts"]}


def get_permalink(call: Call) -> Json:
    """Returns a link to a message, which the page can open."""
    channel = call.channel(member=False)
    ts = call.text("message_ts")

    message = call.workspace.message(channel["id"], ts)
    if message is None:
        raise RefusalError("message_not_found")

    link = f"{call.context.url}/archives/{channel['id']}/p{ts.replace('.', '')}"
    if message.get("thread_ts") not in (None, ts):
        link += f"?thread_ts={message['thread_ts']}&cid={channel['id']}"

    return {"channel": channel["id"], "permalink": link}


def schedule_message(call: Call) -> Json:
    """Schedules a message for a later time (`post_at`, unix seconds)."""
    context = call.context
    channel = call.channel()
    content = messages.parse_content(call)
    thread = messages.resolve_thread(call, channel)
    if thread is not None:
        content["thread_ts"] = thread

    try:
        post_at = int(call.text("post_at"))
    except ValueError:
        raise RefusalError("invalid_time") from None

    wait = post_at - context.clock.now()
    if wait <= 0:
        raise RefusalError("time_in_past")
    if wait > MAX_SCHEDULE_SECONDS:
        raise RefusalError("time_too_far")

    same_window = [
        one
        for one in context.scheduled_messages.values()
        if one["channel_id"] == channel["id"]
        and one["post_at"] // SCHEDULE_WINDOW == post_at // SCHEDULE_WINDOW
    ]
    if len(same_window) >= MAX_IN_WINDOW:
        raise RefusalError("restricted_too_many")

    key = call.workspace.next_id("Q")
    context.scheduled_messages[key] = {
        "id": key,
        "channel_id": channel["id"],
        "post_at": post_at,
        "text": content["text"],
    }

    def post_now() -> None:
        # The message may have been deleted meanwhile. Slack posts none that has metadata
        # (https://docs.slack.dev/reference/methods/chat.scheduleMessage).
        is_kept = context.scheduled_messages.pop(key, None) is not None
        if is_kept and messages.parse_metadata(call) is None:
            message = messages.bot_message(call, **content)
            posted = context.workspace.post(channel["id"], message)
            events.publish_message(context, channel["id"], posted)

    context.clock.call_later(wait, post_now)
    return {
        "channel": channel["id"],
        "scheduled_message_id": key,
        "post_at": post_at,
        "message": content,
    }


def delete_scheduled(call: Call) -> Json:
    """Deletes a scheduled message.

    Slack deletes none that it has posted or posts within a minute
    (https://docs.slack.dev/reference/methods/chat.deleteScheduledMessage).
    """
    channel, key = call.channel(), call.text("scheduled_message_id")
    found = call.context.scheduled_messages.get(key)
    if found is None or found["channel_id"] != channel["id"]:
        raise RefusalError("invalid_scheduled_message_id")
    if found["post_at"] - call.context.clock.now() < UNDELETABLE_SECONDS:
        raise RefusalError("invalid_scheduled_message_id")

    del call.context.scheduled_messages[key]
    return {}


def list_scheduled(call: Call) -> Json:
    """Returns the scheduled messages that are not posted yet, of one channel or of all.

    `oldest` and `latest` are the bounds of their `post_at`.
    """
    wanted = call.text("channel", "")
    oldest, latest = float(call.text("oldest", "0")), float(call.text("latest", "inf"))
    found = []
    for one in call.context.scheduled_messages.values():
        is_within = oldest <= one["post_at"] <= latest
        if is_within and (not wanted or one["channel_id"] == wanted):
            found.append(one)

    page, cursor = paginate(call, found)
    return {"scheduled_messages": page, "response_metadata": {"next_cursor": cursor}}


WRITE = ("chat:write",)
METHODS = {
    # Posting has no tier: it is limited per channel.
    "chat.postMessage": Method(post_message, WRITE, tier=None),
    "chat.postEphemeral": Method(post_ephemeral, WRITE, tier=4),
    "chat.update": Method(update, WRITE, tier=3),
    "chat.delete": Method(delete, WRITE, tier=3),
    "chat.getPermalink": Method(get_permalink, tier=None, limited=False),
    "chat.scheduleMessage": Method(schedule_message, WRITE, tier=3),
    "chat.deleteScheduledMessage": Method(delete_scheduled, WRITE, tier=3),
    "chat.scheduledMessages.list": Method(list_scheduled, tier=3),
}
