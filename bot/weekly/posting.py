"""Posts messages in the admin channel: once, whichever process does it."""

from __future__ import annotations

from collections.abc import Callable

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from bot.transport.clients import UNREACHABLE, error_code
from bot.ui.blocks import Rendered
from router.log import get_log


def post_once(
    client: Callable[[], WebClient],
    channel: str,
    message: Rendered,
    *,
    claim: Callable[[], bool],
    release: Callable[[], None],
    thread_ts: str | None = None,
) -> str | None:
    """Posts a message that several processes may want to post at the same time.

    Returns its timestamp. Returns None where another process has claimed it, or Slack rejected
    it; then the claim is released, so that somebody can try again. A process that dies between the
    two leaves its claim behind: the caller releases claims that are too old.
    """
    # The claim is one conditional UPDATE or INSERT: the database lets a single process through.
    if not claim():
        return None

    def post() -> SlackResponse:
        reply: SlackResponse = client().chat_postMessage(
            channel=channel,
            thread_ts=thread_ts,
            text=message.text,
            blocks=message.blocks,
            # Previews of links in examples would show content that people did not ask to see.
            unfurl_links=False,
            unfurl_media=False,
        )
        return reply

    reply = _send(post)
    if reply is None:
        # Nothing was posted: without this nobody would try again before the claim is too old.
        release()
        return None

    return str(reply["ts"])


def update_message(
    client: Callable[[], WebClient], channel: str, ts: str, message: Rendered
) -> bool:
    """Replaces a posted message; returns whether Slack accepted it."""

    def update() -> SlackResponse:
        reply: SlackResponse = client().chat_update(
            channel=channel, ts=ts, text=message.text, blocks=message.blocks
        )
        return reply

    return _send(update) is not None


def _send(call: Callable[[], SlackResponse]) -> SlackResponse | None:
    """Returns Slack's answer; None where it refused, or was not reached."""
    try:
        return call()
    except (SlackApiError, *UNREACHABLE) as error:
        get_log(part="review").info("message_render_rejected", error=error_code(error))
        return None
