"""chat.startStream, appendStream, stopStream: a message that grows while the bot writes it."""

from __future__ import annotations

from bot.sandbox.block_kit import check_message, with_ids
from bot.sandbox.companies import is_same_company
from bot.sandbox.delivery import events
from bot.sandbox.json_types import Json
from bot.sandbox.web_api import messages
from bot.sandbox.web_api.call import Call, Method, RefusalError
from bot.sandbox.workspace import STREAM_FIELDS

OPEN_SECONDS = 300.0
"""A stream ends this long after it was opened. Observed by others; Slack does not document it."""
REQUIRED_FIELDS: dict[str, tuple[str, ...]] = {
    "markdown_text": ("text",),
    "task_update": ("id", "title"),
    "plan_update": ("title",),
    "blocks": (),
}
"""By chunk type: its required text fields."""
TASK_STATES = ("pending", "in_progress", "complete", "error")
SESSION_STATES = ("processing", "active", "suspended", "closed")


def start_stream(call: Call) -> Json:
    """Posts a new message in a thread and keeps it open for appends."""
    channel = call.channel()
    thread = messages.require_thread(call, channel)
    # In a channel Slack needs to know for whom the bot writes.
    if not channel["is_im"]:
        for name in ("recipient_team_id", "recipient_user_id"):
            if not call.text(name, ""):
                raise RefusalError(f"missing_{name}")

        _check_recipient(call)

    mode = call.text("task_display_mode", "timeline")
    if mode not in ("timeline", "plan", "dense"):
        raise RefusalError("invalid_arguments", "task_display_mode is no timeline, plan or dense")

    # Checked before posting, so that invalid chunks leave no empty message.
    chunks = _parse_chunks(call)
    content = messages.bot_message(
        call,
        text="",
        thread_ts=thread,
        streaming=True,
        streaming_since=call.context.clock.now(),
        task_display_mode=mode,
    )
    message = call.workspace.post(channel["id"], content)
    _lock_form(call, channel["id"], message)
    _append_chunks(call, channel["id"], message, chunks)
    events.publish_message(call.context, channel["id"], message)

    return {"channel": channel["id"], "ts": message["ts"]}


def _check_recipient(call: Call) -> None:
    """Refuses a recipient whose company is not that of the workspace that the call names."""
    recipient = call.workspace.company_of(call.user("recipient_user_id")["id"])
    named = call.workspace.companies.get(call.text("recipient_team_id"))
    if named is None or not is_same_company(named, recipient):
        raise RefusalError("user_not_found")


def append_stream(call: Call) -> Json:
    """Appends to an open message."""
    channel, message = _find_open_stream(call)
    chunks = _parse_chunks(call)
    if not chunks:
        raise RefusalError("no_text")

    _lock_form(call, channel["id"], message)
    _append_chunks(call, channel["id"], message, chunks)
    return {"channel": channel["id"], "ts": message["ts"]}


def stop_stream(call: Call) -> Json:
    """Closes an open message, after a last append with optional blocks and metadata."""
    channel, message = _find_open_stream(call)
    chunks = _parse_chunks(call)
    blocks = messages.parse_blocks(call)
    metadata = messages.parse_metadata(call)

    state = call.text("session_status", "")
    if state and state not in SESSION_STATES:
        raise RefusalError(
            "invalid_arguments", f"session_status must be one of {', '.join(SESSION_STATES)}"
        )

    _lock_form(call, channel["id"], message)
    before = dict(message)
    if blocks:
        chunks.append({"type": "blocks", "blocks": blocks})

    _append_chunks(call, channel["id"], message, chunks)
    message = close_stream(call, channel["id"], message["ts"], metadata)
    if state and message.get("thread_ts"):
        call.workspace.set_session(channel["id"], message["thread_ts"], status=state)

    events.publish_change(call.context, channel["id"], message, before)
    return {
        "channel": channel["id"],
        "ts": message["ts"],
        "message": messages.api_view(message, metadata=True),
    }


def is_open(call: Call, message: Json) -> bool:
    """Returns whether the bot is still writing the message: Slack ends a stream by itself."""
    age = call.context.clock.now() - float(message.get("streaming_since") or 0.0)
    return bool(message.get("streaming")) and age <= OPEN_SECONDS


def close_stream(call: Call, channel: str, ts: str, metadata: Json | None = None) -> Json:
    """Closes a message to appends. Returns the message."""
    fields: Json = dict.fromkeys(STREAM_FIELDS)
    if metadata is not None:
        fields["metadata"] = metadata

    return call.workspace.update_message(channel, ts, **fields)


def _find_open_stream(call: Call) -> tuple[Json, Json]:
    """Returns the channel and the open message that the call names."""
    channel = call.channel()
    message = messages.find_own_message(call, channel, call.text("ts"), "message_not_owned_by_app")

    if message.get("stopped_by_user"):
        raise RefusalError("stopped_by_user")
    if not is_open(call, message):
        raise RefusalError("message_not_in_streaming_state")

    return channel, message


def _lock_form(call: Call, channel: str, message: Json) -> None:
    """Refuses text in a stream of chunks, and chunks in a stream of text.

    The first of them locks the form of the stream; a call without either leaves it open.
    """
    form = None
    if call.text("markdown_text", ""):
        form = "text"
    elif call.json_argument("chunks", "invalid_chunks"):
        form = "chunks"

    locked = message.get("streaming_form")
    if form is not None and locked not in (None, form):
        raise RefusalError("streaming_mode_mismatch")
    if form is not None and locked is None:
        call.workspace.update_message(channel, message["ts"], streaming_form=form)


def _parse_chunks(call: Call) -> list[Json]:
    """Returns the call's chunks, checked; `markdown_text` becomes a single chunk."""
    markdown = call.text("markdown_text", "")
    chunks = call.json_argument("chunks", "invalid_chunks") or []

    if not isinstance(chunks, list):
        raise RefusalError("invalid_chunks", "chunks must be an array")
    if markdown and chunks:
        raise RefusalError("invalid_arguments", "markdown_text and chunks cannot be used together")
    if markdown:
        chunks = [{"type": "markdown_text", "text": markdown}]

    length = 0
    for number, chunk in enumerate(chunks):
        _check_chunk(number, chunk)
        if chunk["type"] == "markdown_text":
            length += len(chunk["text"])

    if length > messages.MARKDOWN_LIMIT:
        raise RefusalError("msg_too_long")

    if not markdown:
        messages.refuse(call, chunks, "stream", "/chunks", "invalid_chunks")

    return chunks


def _check_chunk(number: int, chunk: object) -> None:
    pointer = f"[json-pointer:/chunks/{number}]"
    if not isinstance(chunk, dict) or chunk.get("type") not in REQUIRED_FIELDS:
        raise RefusalError("invalid_chunks", f"unsupported chunk type {pointer}")

    for name in REQUIRED_FIELDS[chunk["type"]]:
        if not isinstance(chunk.get(name), str):
            raise RefusalError("invalid_chunks", f"missing required field: {name} {pointer}")

    if chunk["type"] == "task_update" and chunk.get("status", "pending") not in TASK_STATES:
        raise RefusalError(
            "invalid_chunks", f"status must be one of {', '.join(TASK_STATES)} {pointer}"
        )

    if chunk["type"] == "blocks":
        problems = check_message(chunk.get("blocks"))
        if problems.details:
            raise RefusalError("invalid_blocks", *problems.details)


def _append_chunks(call: Call, channel: str, message: Json, chunks: list[Json]) -> None:
    """Adds the chunks to the message in order."""
    text = message.get("text", "")
    blocks = [dict(block) for block in message.get("blocks", [])]

    for chunk in chunks:
        if chunk["type"] == "markdown_text":
            text += chunk["text"]
            _append_markdown(blocks, chunk["text"])
        elif chunk["type"] == "blocks":
            blocks += chunk["blocks"]
        else:
            _upsert_task(blocks, chunk, plan=message.get("task_display_mode") == "plan")

    call.workspace.update_message(
        channel,
        message["ts"],
        text=text,
        blocks=with_ids(blocks, call.context.random) or None,
    )


def _append_markdown(blocks: list[Json], text: str) -> None:
    """Extends the last block if it is Markdown, so that a paragraph may span several chunks."""
    if blocks and blocks[-1]["type"] == "markdown":
        blocks[-1]["text"] += text
    else:
        blocks.append({"type": "markdown", "text": text})


def _upsert_task(blocks: list[Json], chunk: Json, *, plan: bool) -> None:
    """Inserts or updates a task card or the plan's title. With `plan`, cards are in its block."""
    if chunk["type"] == "plan_update" or plan:
        plan_block = next((block for block in blocks if block["type"] == "plan"), None)
        if plan_block is None:
            plan_block = {"type": "plan", "title": "Plan", "tasks": []}
            blocks.append(plan_block)

        if chunk["type"] == "plan_update":
            plan_block["title"] = chunk["title"]
            return

        # A copy: the stored message must not change before the update is complete.
        blocks = list(plan_block["tasks"])
        plan_block["tasks"] = blocks

    card = _task_card(chunk)
    for number, block in enumerate(blocks):
        if block.get("task_id") == chunk["id"]:
            blocks[number] = {**block, **card}
            return

    blocks.append(card)


def _task_card(chunk: Json) -> Json:
    card: Json = {
        "type": "task_card",
        "task_id": chunk["id"],
        "title": chunk["title"],
        "status": chunk.get("status", "pending"),
    }

    for name in ("details", "output"):
        if chunk.get(name):
            text = {"type": "text", "text": str(chunk[name])}
            section = {"type": "rich_text_section", "elements": [text]}
            card[name] = {"type": "rich_text", "elements": [section]}

    if chunk.get("sources"):
        card["sources"] = chunk["sources"]

    return card


WRITE = ("chat:write",)
METHODS = {
    "chat.startStream": Method(start_stream, WRITE, tier=2),
    "chat.appendStream": Method(append_stream, WRITE, tier=4),
    "chat.stopStream": Method(stop_stream, WRITE, tier=2),
}
