"""Replies that only the person who clicked or typed a command sees."""

from __future__ import annotations

from bot.payloads import Respond
from bot.ui.blocks import Rendered
from router.log import get_log

HTTP_OK = 200


def send_ephemeral(respond: Respond, message: Rendered, *, replace: bool = False) -> None:
    """Sends the message, in simpler blocks where Slack refuses these.

    With `replace` it takes the place of the clicked message.
    """
    response = respond(
        text=message.text,
        blocks=message.blocks,
        response_type="ephemeral",
        replace_original=replace,
    )

    # `respond` reports a refused layout in its status, where the Web API client would raise.
    refused = getattr(response, "status_code", HTTP_OK) != HTTP_OK
    if refused and message.fallback is not None:
        error = str(getattr(response, "body", ""))[:40]
        get_log(part="slash").info("plainer_blocks", error=error)
        send_ephemeral(respond, message.fallback, replace=replace)


def send_text(respond: Respond, text: str) -> None:
    """Sends plain words under the clicked message, which stays as it is."""
    respond(text=text, response_type="ephemeral", replace_original=False)
