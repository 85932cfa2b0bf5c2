"""The words of a forwarded message, which Slack sends as an attachment of one without text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.payloads import Event


@dataclass(frozen=True, slots=True)
class ForwardedText:
    """Words that somebody forwarded. `author` wrote them, unknown (empty) where a bot did."""

    text: str = ""
    author: str = ""
    author_team: str = ""


def forwarded_text(event: Event) -> ForwardedText:
    """Returns the words of the first message that the event forwards; none where it forwards none.

    Previews of links are attachments too; a message that only shows a link is no request.
    """
    for attachment in event.get("attachments") or ():
        if not isinstance(attachment, Mapping) or not _is_message(attachment):
            continue

        text = attachment.get("text") or attachment.get("fallback")
        if isinstance(text, str) and text.strip():
            return ForwardedText(
                text,
                str(attachment.get("author_id") or ""),
                str(attachment.get("team_id") or ""),
            )

    return ForwardedText()


def _is_message(attachment: Mapping[str, object]) -> bool:
    return bool(attachment.get("is_share") or attachment.get("is_msg_unfurl"))
