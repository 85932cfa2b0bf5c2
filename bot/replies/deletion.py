"""Deletes one of our messages, whatever state it is in."""

from __future__ import annotations

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.transport.clients import error_code

NOTHING_THERE = frozenset({"message_not_found", "thread_not_found", "file_not_found"})
"""Slack's errors for something that is deleted already."""
OPEN_STREAM = frozenset(
    {
        "cant_delete_message",
        "cant_update_message",
        "message_in_streaming_state",
        "streaming_state_conflict",
    }
)
"""Slack's errors for a message that is still open for streaming, when it is changed or deleted."""


def delete_message(client: WebClient, channel: str, ts: str) -> None:
    """Deletes the message; one that is still open for streaming is stopped first.

    Deleting it twice is deleting it once. Raises SlackApiError or one of `UNREACHABLE`.
    """
    try:
        client.chat_delete(channel=channel, ts=ts)
    except SlackApiError as error:
        if error_code(error) in NOTHING_THERE:
            return
        if error_code(error) not in OPEN_STREAM:
            raise

        client.chat_stopStream(channel=channel, ts=ts)
        client.chat_delete(channel=channel, ts=ts)
