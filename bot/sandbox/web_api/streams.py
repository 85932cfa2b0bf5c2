"""chat.startStream, appendStream, stopStream: a message that grows while the bot writes."""

from __future__ import annotations

from typing import Any

from bot.sandbox.block_kit import check_message, with_ids
from bot.sandbox.delivery import events
from bot.sandbox.web_api import messages
from bot.sandbox.web_api.call import Call, Method, RefusalError

Json = dict[str, Any]

IDLE_SECONDS = 300.0
"""A stream without an append for so long is over; Slack does not say when, five minutes was
seen."""
CHUNK_KINDS = ("markdown_text", "task_update", "plan_update", "blocks")
TASK_STATES = ("pending", "in_progress", "complete", "error")
SESSION_STATES = ("processing", "active", "suspended", "closed")


def start_stream(call: Call) -> Json:
    """A new, open message stands in the thread."""
    channel = call.channel(member=False)
    if call.workspace.bot["id"] not in channel["members"]:
        raise RefusalError("channel_type_not_supported")

    thread = messages.thread(call, channel, required=True)
    if not channel["is_im"]:
        for name in ("recipient_team_id", "recipient_user_id"):
            if not call.text(name, ""):
                raise RefusalError(f"missing_{name}")

    mode = call.text("task_display_mode", "timeline")
    if mode not in ("timeline", "plan"):
        raise RefusalError("invalid_arguments", "task_display_mode must be timeline or plan")

    growth = _growth(call)
    made = messages.from_bot(
        call, text="", thread_ts=thread, streaming=True, task_display_mode=mode
    )
    message = call.workspace.post(channel["id"], made)
    _grow(call, channel["id"], message, growth)
    events.said(call.platform, channel["id"], message)

    return {"channel": channel["id"], "ts": message["ts"]}


def append_stream(call: Call) -> Json:
    """The open message has grown."""
    channel, message = _open(call)
    growth = _growth(call)
    if not growth:
        raise RefusalError("no_text")

    _grow(call, channel["id"], message, growth)
    return {"channel": channel["id"], "ts": message["ts"]}


def stop_stream(call: Call) -> Json:
    """The message is complete and closed; last words, blocks and metadata are added."""
    channel, message = _open(call)
    growth, shown, metadata = _growth(call), messages.blocks(call), messages.metadata(call)

    state = call.text("session_status", "")
    if state and state not in SESSION_STATES:
        raise RefusalError(
            "invalid_arguments", f"session_status must be one of {', '.join(SESSION_STATES)}"
        )

    before = dict(message)
    if shown:
        growth.append({"type": "blocks", "blocks": shown})

    _grow(call, channel["id"], message, growth)
    message = close_stream(call, channel["id"], message["ts"], metadata)
    if state and message.get("thread_ts"):
        call.workspace.set_session(channel["id"], message["thread_ts"], status=state)

    events.changed(call.platform, channel["id"], message, before)
    return {
        "channel": channel["id"],
        "ts": message["ts"],
        "message": messages.visible(message, metadata=True),
    }


def close_stream(call: Call, channel: str, ts: str, metadata: Json | None = None) -> Json:
    """The message is no longer open."""
    fields: Json = {"streaming": None, "streamed_at": None, "task_display_mode": None}
    if metadata is not None:
        fields["metadata"] = metadata

    return call.workspace.change(channel, ts, **fields)


def _open(call: Call) -> tuple[Json, Json]:
    """The channel and the open message that the call names."""
    channel = call.channel()
    message = messages.own(call, channel, call.text("ts"), "message_not_owned_by_app")

    idle = call.platform.clock.now() - float(message.get("streamed_at", 0.0))
    if message.get("streaming") and idle > IDLE_SECONDS:
        message = close_stream(call, channel["id"], message["ts"])
    if not message.get("streaming"):
        raise RefusalError("message_not_in_streaming_state")

    return channel, message


def _growth(call: Call) -> list[Json]:
    """What the call adds, as chunks; each was checked."""
    markdown, chunks = (
        call.text("markdown_text", ""),
        call.structure("chunks", "invalid_chunks") or [],
    )

    if not isinstance(chunks, list):
        raise RefusalError("invalid_chunks", "chunks must be an array")
    if markdown and chunks:
        raise RefusalError("invalid_arguments", "markdown_text and chunks cannot be used together")
    if markdown:
        chunks = [{"type": "markdown_text", "text": markdown}]

    for number, chunk in enumerate(chunks):
        _check_chunk(number, chunk)

    if (
        sum(len(chunk["text"]) for chunk in chunks if chunk["type"] == "markdown_text")
        > messages.MARKDOWN_LIMIT
    ):
        raise RefusalError("msg_too_long")

    return chunks


def _check_chunk(number: int, chunk: Any) -> None:
    where = f"[json-pointer:/chunks/{number}]"
    if not isinstance(chunk, dict) or chunk.get("type") not in CHUNK_KINDS:
        raise RefusalError("invalid_chunks", f"unsupported chunk type {where}")

    needed = {
        "markdown_text": ("text",),
        "task_update": ("id", "title"),
        "plan_update": ("title",),
        "blocks": (),
    }
    for name in needed[chunk["type"]]:
        if not isinstance(chunk.get(name), str):
            raise RefusalError("invalid_chunks", f"missing required field: {name} {where}")

    if chunk["type"] == "task_update" and chunk.get("status", "pending") not in TASK_STATES:
        raise RefusalError(
            "invalid_chunks", f"status must be one of {', '.join(TASK_STATES)} {where}"
        )

    if chunk["type"] == "blocks":
        problems = check_message(chunk.get("blocks"))
        if problems.details:
            raise RefusalError("invalid_blocks", *problems.details)


def _grow(call: Call, channel: str, message: Json, growth: list[Json]) -> None:
    """The message shows what was added, in the order in which it came."""
    text, blocks = message.get("text", ""), [dict(block) for block in message.get("blocks", [])]
    for chunk in growth:
        if chunk["type"] == "markdown_text":
            text += chunk["text"]
            if blocks and blocks[-1]["type"] == "markdown":
                blocks[-1]["text"] += chunk["text"]
            else:
                blocks.append({"type": "markdown", "text": chunk["text"]})
        elif chunk["type"] == "blocks":
            blocks += chunk["blocks"]
        else:
            _show_task(blocks, chunk, plan=message.get("task_display_mode") == "plan")

    shown = with_ids(blocks, call.platform.random) or None
    call.workspace.change(
        channel, message["ts"], text=text, blocks=shown, streamed_at=call.platform.clock.now()
    )


def _show_task(blocks: list[Json], chunk: Json, *, plan: bool) -> None:
    """A task's card, or the plan's title, is new or stands as the chunk says."""
    if chunk["type"] == "plan_update" or plan:
        holder = next((block for block in blocks if block["type"] == "plan"), None)
        if holder is None:
            holder = {"type": "plan", "title": "Plan", "tasks": []}
            blocks.append(holder)

        if chunk["type"] == "plan_update":
            holder["title"] = chunk["title"]
            return

        holder["tasks"] = blocks = list(holder["tasks"])

    card: Json = {"type": "task_card", "task_id": chunk["id"], "title": chunk["title"]}
    card["status"] = chunk.get("status", "pending")

    for name in ("details", "output"):
        if chunk.get(name):
            text = {"type": "text", "text": str(chunk[name])}
            card[name] = {
                "type": "rich_text",
                "elements": [{"type": "rich_text_section", "elements": [text]}],
            }

    if chunk.get("sources"):
        card["sources"] = chunk["sources"]

    for number, block in enumerate(blocks):
        if block.get("task_id") == chunk["id"]:
            blocks[number] = {**block, **card}
            return

    blocks.append(card)


WRITE = ("chat:write",)
METHODS = {
    "chat.startStream": Method(start_stream, WRITE, tier=2),
    "chat.appendStream": Method(append_stream, WRITE, tier=4),
    "chat.stopStream": Method(stop_stream, WRITE, tier=2),
}
