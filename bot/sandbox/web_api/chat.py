"""chat.*: posting, changing and deleting messages."""

from __future__ import annotations

from typing import Any

from bot.sandbox.delivery import events
from bot.sandbox.web_api import messages
from bot.sandbox.web_api.call import Call, Method, RefusalError

Json = dict[str, Any]


def post_message(call: Call) -> Json:
    """A message by the bot stands in the channel or thread."""
    channel = call.channel()
    made = messages.content(call)

    metadata = messages.metadata(call)
    if metadata is not None:
        made["metadata"] = metadata

    thread = messages.thread(call, channel)
    if thread is not None:
        made["thread_ts"] = thread

    message = call.workspace.post(channel["id"], messages.from_bot(call, **made))
    events.said(call.platform, channel["id"], message)
    shown = messages.visible(message, metadata=True)

    return {
        "channel": channel["id"],
        "ts": message["ts"],
        "message": shown,
        **messages.warnings(call),
    }


def post_ephemeral(call: Call) -> Json:
    """Only one person sees the message."""
    channel, user = call.channel(), call.user()
    if user["id"] not in channel["members"]:
        raise RefusalError("user_not_in_channel")

    made = messages.content(call)
    thread = messages.thread(call, channel)
    if thread is not None:
        made["thread_ts"] = thread

    kept = call.workspace.whisper(channel["id"], user["id"], messages.from_bot(call, **made))
    return {"message_ts": kept["ts"]}


def update(call: Call) -> Json:
    """The bot's message has new words. What is not given stays; its text has a lower limit than a new one's."""
    channel = call.channel()
    message = messages.own(call, channel, call.text("ts"), "cant_update_message")
    if message.get("streaming"):
        raise RefusalError("streaming_state_conflict")

    text, shown, metadata = call.args.get("text"), messages.blocks(call), messages.metadata(call)
    if text is not None and len(call.text("text", "")) > messages.UPDATE_LIMIT:
        raise RefusalError("msg_too_long")

    markdown = call.text("markdown_text", "")
    if (
        not call.text("text", "").strip()
        and not shown
        and not markdown
        and not call.args.get("attachments")
    ):
        raise RefusalError("no_text")

    before = dict(message)
    fields: Json = {"edited": {"user": call.workspace.bot["id"], "ts": call.workspace.next_ts()}}

    if markdown:
        fields |= messages.content(call)
    else:
        fields |= {"text": call.text("text", "")} if text is not None else {}
        fields |= {"blocks": shown or None} if shown is not None else {}

    if metadata is not None:
        fields["metadata"] = metadata

    message = call.workspace.change(channel["id"], message["ts"], **fields)
    events.changed(call.platform, channel["id"], message, before)
    shown_message = messages.visible(message, metadata=True)

    return {
        "channel": channel["id"],
        "ts": message["ts"],
        "text": message.get("text", ""),
        "message": shown_message,
    }


def delete(call: Call) -> Json:
    """The bot's message is gone."""
    channel = call.channel()
    message = messages.own(call, channel, call.text("ts"), "cant_delete_message")
    before = call.workspace.remove(channel["id"], message["ts"])
    events.deleted(call.platform, channel["id"], before)

    return {"channel": channel["id"], "ts": message["ts"]}


def get_permalink(call: Call) -> Json:
    """A link to a message; the page understands it."""
    channel = call.channel(member=False)
    ts = call.text("message_ts")

    message = call.workspace.message(channel["id"], ts)
    if message is None:
        raise RefusalError("message_not_found")

    link = f"{call.platform.url}/archives/{channel['id']}/p{ts.replace('.', '')}"
    if message.get("thread_ts") not in (None, ts):
        link += f"?thread_ts={message['thread_ts']}&cid={channel['id']}"

    return {"channel": channel["id"], "permalink": link}


def schedule_message(call: Call) -> Json:
    """The message will be posted at a time (unix seconds)."""
    channel = call.channel()
    made = messages.content(call)

    try:
        at = int(call.text("post_at"))
    except ValueError:
        raise RefusalError("invalid_time") from None

    wait = at - call.platform.clock.now()
    if wait <= 0:
        raise RefusalError("time_in_past")
    if wait > 120 * 86_400:
        raise RefusalError("time_too_far")

    key = call.workspace.next_id("Q")
    platform = call.platform

    def due() -> None:
        if platform.scheduled.pop(key, None) is not None:
            message = platform.workspace.post(channel["id"], messages.from_bot(call, **made))
            events.said(platform, channel["id"], message)

    platform.scheduled[key] = {
        "id": key,
        "channel_id": channel["id"],
        "post_at": at,
        "text": made["text"],
    }

    platform.clock.call_later(wait, due)
    return {"channel": channel["id"], "scheduled_message_id": key, "post_at": at, "message": made}


def delete_scheduled(call: Call) -> Json:
    """A scheduled message will not be posted."""
    if call.platform.scheduled.pop(call.text("scheduled_message_id"), None) is None:
        raise RefusalError("invalid_scheduled_message_id")
    return {}


def list_scheduled(call: Call) -> Json:
    """The messages that wait for their time."""
    return {
        "scheduled_messages": list(call.platform.scheduled.values()),
        "response_metadata": {"next_cursor": ""},
    }


WRITE = ("chat:write",)
METHODS = {
    "chat.postMessage": Method(post_message, WRITE, tier=None),
    "chat.postEphemeral": Method(post_ephemeral, WRITE, tier=4),
    "chat.update": Method(update, WRITE, tier=3),
    "chat.delete": Method(delete, WRITE, tier=3),
    "chat.getPermalink": Method(get_permalink, limited=False),
    "chat.scheduleMessage": Method(schedule_message, WRITE, tier=3),
    "chat.deleteScheduledMessage": Method(delete_scheduled, WRITE, tier=3),
    "chat.scheduledMessages.list": Method(list_scheduled, tier=3),
}
