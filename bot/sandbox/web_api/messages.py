"""Parses and checks the content of a message as Slack does: text, Markdown, blocks, metadata."""

from __future__ import annotations

from typing import Any

from bot.sandbox.block_kit import check_message, with_ids
from bot.sandbox.block_kit.rules import most
from bot.sandbox.json_types import Json
from bot.sandbox.seed_data import APP_ID, BOT_ID
from bot.sandbox.web_api.call import Call, RefusalError
from bot.sandbox.workspace import INTERNAL_FIELDS

TEXT_LIMIT = most("chat.postMessage.text")
UPDATE_LIMIT = most("chat.update.text")
MARKDOWN_LIMIT = most("markdown_text")
METADATA_LIMIT = most("metadata")


def parse_blocks(call: Call, name: str = "blocks") -> list[Json] | None:
    """Returns the call's blocks, each with a block_id, or None. Refuses invalid blocks."""
    blocks = call.json_argument(name, "invalid_blocks_format")
    if blocks is None:
        return None
    if not isinstance(blocks, list):
        raise RefusalError("invalid_blocks_format", "blocks must be an array")

    problems = check_message(blocks)
    if problems.too_long:
        raise RefusalError("msg_blocks_too_long", *problems.details)
    if problems.details:
        raise RefusalError("invalid_blocks", *problems.details)

    surface = "ephemeral" if call.method == "chat.postEphemeral" else "message"
    refuse(call, blocks, surface, "/blocks", call.context.refusals.code)
    return with_ids(blocks, call.context.random)


def refuse(call: Call, content: object, surface: str, path: str, code: str) -> None:
    """Refuses content with a kind of block that this Slack does not take on the surface."""
    details = call.context.refusals.check(content, surface, path)
    if details is not None:
        raise RefusalError(code, *details)


def parse_metadata(call: Call) -> Json | None:
    """Returns the call's message metadata, or None."""
    metadata = call.json_argument("metadata", "invalid_metadata_format")
    if metadata is None:
        return None
    if not isinstance(metadata, dict) or not isinstance(metadata.get("event_type"), str):
        raise RefusalError("invalid_metadata_format", "metadata needs event_type and event_payload")
    if not isinstance(metadata.get("event_payload"), dict):
        raise RefusalError("invalid_metadata_format", "event_payload must be an object")
    if len(str(metadata)) > METADATA_LIMIT:
        raise RefusalError("metadata_too_large")

    return {"event_type": metadata["event_type"], "event_payload": metadata["event_payload"]}


def parse_content(call: Call) -> Json:
    """Returns text, blocks and attachments of a message. Cuts the text at Slack's limit."""
    text = call.text("text", "")
    blocks = parse_blocks(call)

    # Slack turns Markdown into a block of its own and keeps the source as fallback text.
    markdown = call.text("markdown_text", "")
    if markdown:
        if text or blocks:
            raise RefusalError(
                "markdown_text_conflict", "markdown_text cannot be used with text or blocks"
            )

        if len(markdown) > MARKDOWN_LIMIT:
            raise RefusalError("msg_too_long")

        text = markdown
        blocks = with_ids([{"type": "markdown", "text": markdown}], call.context.random)

    attachments = call.json_argument("attachments")
    if not text.strip() and not blocks and not attachments:
        raise RefusalError("no_text")

    content: Json = {"text": text[:TEXT_LIMIT]}
    if blocks:
        content["blocks"] = blocks
    if attachments:
        content["attachments"] = attachments

    return content


def truncation_warning(call: Call) -> Json:
    """Returns the fields that Slack adds to its answer if it cut the text."""
    if len(call.text("text", "")) <= TEXT_LIMIT:
        return {}

    return {
        "warning": "message_truncated",
        "response_metadata": {"warnings": ["message_truncated"]},
    }


def bot_message(call: Call, **fields: Any) -> Json:
    """Returns a message with the bot as its author."""
    bot = call.workspace.bot
    profile = {
        "id": BOT_ID,
        "app_id": APP_ID,
        "name": bot["name"],
        "team_id": call.workspace.team["id"],
    }

    return {"user": bot["id"], "bot_id": BOT_ID, "app_id": APP_ID, "bot_profile": profile, **fields}


def resolve_thread(call: Call, channel: Json) -> str | None:
    """Returns the root ts of the thread that the call names, or None if it names none."""
    return require_thread(call, channel) if call.text("thread_ts", "") else None


def require_thread(call: Call, channel: Json) -> str:
    """Returns the root ts of the thread that the call names. Refuses: `thread_not_found`."""
    thread_ts = call.text("thread_ts")
    message = call.workspace.message(channel["id"], thread_ts)
    if message is None:
        raise RefusalError("thread_not_found")

    # The call may name a reply, which belongs to the thread of its root.
    return str(message.get("thread_ts") or thread_ts)


def find_own_message(call: Call, channel: Json, ts: str, refusal: str) -> Json:
    """Returns a message by the bot. Refuses: `message_not_found`, or `refusal` if by others."""
    message = call.workspace.message(channel["id"], ts)
    if message is None or message.get("subtype") == "tombstone":
        raise RefusalError("message_not_found")
    if message.get("bot_id") != BOT_ID:
        raise RefusalError(refusal)

    return message


def foreign_author(call: Call, message: Json) -> Json:
    """Returns what Slack adds to a message of somebody of another company in a shared channel."""
    author = call.workspace.company_of(str(message.get("user") or ""))
    if author == call.workspace.own_company:
        return {}

    home = author.author_home
    return {"user_team": home, "source_team": home, "user_profile": {"team": home}}


def api_view(message: Json, *, metadata: bool = False) -> Json:
    """Returns a message as the Web API does, with metadata only on request."""
    hidden = INTERNAL_FIELDS if metadata else INTERNAL_FIELDS | {"metadata"}
    return {name: value for name, value in message.items() if name not in hidden}
