"""The content of a message, checked as Slack checks it: text, Markdown, blocks, metadata."""

from __future__ import annotations

from typing import Any

from bot.sandbox.block_kit import check_message, with_ids
from bot.sandbox.seed_data import APP_ID, BOT_ID
from bot.sandbox.web_api.call import Call, RefusalError

Json = dict[str, Any]

TEXT_LIMIT = 40_000
UPDATE_LIMIT = 4_000
MARKDOWN_LIMIT = 12_000
METADATA_LIMIT = 16_000


def blocks(call: Call, name: str = "blocks") -> list[Json] | None:
    """The call's blocks, each with a block_id; None where it has none. Refuses as Slack does."""
    given = call.structure(name, "invalid_blocks_format")
    if given is None:
        return None
    if not isinstance(given, list):
        raise RefusalError("invalid_blocks_format", "blocks must be an array")

    problems = check_message(given)
    if problems.too_long:
        raise RefusalError("msg_blocks_too_long", *problems.details)
    if problems.details:
        raise RefusalError("invalid_blocks", *problems.details)

    return with_ids(given, call.platform.random)


def metadata(call: Call) -> Json | None:
    """The call's message metadata, if it has any."""
    given = call.structure("metadata", "invalid_metadata_format")
    if given is None:
        return None
    if not isinstance(given, dict) or not isinstance(given.get("event_type"), str):
        raise RefusalError("invalid_metadata_format", "metadata needs event_type and event_payload")
    if not isinstance(given.get("event_payload"), dict):
        raise RefusalError("invalid_metadata_format", "event_payload must be an object")
    if len(str(given)) > METADATA_LIMIT:
        raise RefusalError("metadata_too_large")

    return {"event_type": given["event_type"], "event_payload": given["event_payload"]}


def content(call: Call) -> Json:
    """Text and blocks of a new message; with `message_truncated` in `warnings` where Slack cuts the text."""
    text, shown = call.text("text", ""), blocks(call)

    markdown = call.text("markdown_text", "")
    if markdown:
        if text or shown:
            raise RefusalError(
                "markdown_text_conflict", "markdown_text cannot be used with text or blocks"
            )

        if len(markdown) > MARKDOWN_LIMIT:
            raise RefusalError("msg_too_long")

        text, shown = (
            markdown,
            with_ids([{"type": "markdown", "text": markdown}], call.platform.random),
        )

    attachments = call.structure("attachments")
    if not text.strip() and not shown and not attachments:
        raise RefusalError("no_text")

    made: Json = {"text": text[:TEXT_LIMIT]}
    if shown:
        made["blocks"] = shown
    if attachments:
        made["attachments"] = attachments

    return made


def warnings(call: Call) -> Json:
    """What the answer to a post adds where its text was cut."""
    if len(call.text("text", "")) <= TEXT_LIMIT:
        return {}

    return {
        "warning": "message_truncated",
        "response_metadata": {"warnings": ["message_truncated"]},
    }


def from_bot(call: Call, **fields: Any) -> Json:
    """A message whose author is the bot."""
    bot = call.workspace.bot
    profile = {
        "id": BOT_ID,
        "app_id": APP_ID,
        "name": bot["name"],
        "team_id": call.workspace.team["id"],
    }

    return {"user": bot["id"], "bot_id": BOT_ID, "app_id": APP_ID, "bot_profile": profile, **fields}


def thread(call: Call, channel: Json, *, required: bool = False) -> str | None:
    """The thread that the call names, by its root. Refuses with `thread_not_found` where no message stands."""
    given = call.text("thread_ts", None if required else "")
    if not given:
        return None

    root = call.workspace.message(channel["id"], given)
    if root is None:
        raise RefusalError("thread_not_found")

    return str(root.get("thread_ts") or given)


def own(call: Call, channel: Json, ts: str, refusal: str) -> Json:
    """The bot's own message that stands there. Refuses with `message_not_found`, or `refusal` for another's."""
    message = call.workspace.message(channel["id"], ts)
    if message is None or message.get("subtype") == "tombstone":
        raise RefusalError("message_not_found")
    if message.get("bot_id") != BOT_ID:
        raise RefusalError(refusal)

    return message


def visible(message: Json, *, metadata: bool = False) -> Json:
    """A message as the Web API returns it; metadata only on request."""
    hidden = {"streaming", "streamed_at", "task_display_mode"} | (
        set() if metadata else {"metadata"}
    )
    return {name: value for name, value in message.items() if name not in hidden}
