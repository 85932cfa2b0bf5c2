"""Turns Slack's second form of a deletion into its first, before anything else reads it.

Slack does not remove a message that has replies: it sends `message_changed` with a message of the
subtype `tombstone` in its place. Only a message without replies gives `message_deleted`.
"""

from __future__ import annotations

from collections.abc import Callable

from slack_bolt import BoltResponse

from bot.payloads import EventBody


def unify_deletions(
    body: EventBody,
    next: Callable[[], BoltResponse],  # noqa: A002  # Bolt's name
) -> BoltResponse:
    """A Bolt middleware that passes every event on, a tombstone as `message_deleted`."""
    event = body.get("event")
    if isinstance(event, dict) and event.get("subtype") == "message_changed":
        message = event.get("message")
        if message and message.get("subtype") == "tombstone":
            event["subtype"] = "message_deleted"
            event["deleted_ts"] = message.get("ts", "")

    return next()
