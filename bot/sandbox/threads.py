"""What Slack says of a thread in its first message."""

from __future__ import annotations

from bot.sandbox.json_types import Json


def reply_fields(thread_ts: str, replies: list[Json]) -> Json:
    """Returns the root message's fields about its replies, oldest first; None removes a field.

    Slack removes them with the last reply.
    """
    # A dict removes duplicates and keeps the order of first replies.
    users = list(dict.fromkeys(reply["user"] for reply in replies if reply.get("user")))
    return {
        "thread_ts": thread_ts if replies else None,
        "reply_count": len(replies) or None,
        "reply_users": users or None,
        "reply_users_count": len(users) or None,
        "latest_reply": replies[-1]["ts"] if replies else None,
    }
