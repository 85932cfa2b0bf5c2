"""Replies that only the person who clicked or typed a command sees."""

from __future__ import annotations

from bot.payloads import Respond
from bot.ui.blocks import Rendered


def send_ephemeral(respond: Respond, message: Rendered, *, replace: bool = False) -> None:
    """Sends the message. With `replace` it takes the place of the clicked message."""
    respond(
        text=message.text,
        blocks=message.blocks,
        response_type="ephemeral",
        replace_original=replace,
    )


def send_text(respond: Respond, text: str) -> None:
    """Sends plain words under the clicked message, which stays as it is."""
    respond(text=text, response_type="ephemeral", replace_original=False)
