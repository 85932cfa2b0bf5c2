"""The digest's message: as things stand now, in the richest form that Slack takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.transport.clients import UNREACHABLE
from bot.ui.blocks import Shown
from bot.weekly import digest_view as digest_blocks
from bot.weekly.candidate_view import WAITING
from router.log import get_log
from router.store import Store
from router.store.weekly.digests import Digest


def rendered(store: Store, digest: Digest) -> Shown:
    """The digest's message as things stand now."""
    found = [
        one for key in digest.body["candidates"] if (one := store.candidates.get(key)) is not None
    ]
    by = {
        one.id: store.candidates.history(one.id)[-1].actor for one in found if one.state != WAITING
    }

    return digest_blocks.render(
        digest, found, {key: who for key, who in by.items() if who.startswith(("U", "W"))}
    )


def show_again(store: Store, client: WebClient, digest: Digest) -> None:
    """The message in the channel says what holds now; best effort, because the store is what counts."""
    if digest.channel is not None and digest.ts is not None:
        channel, ts = digest.channel, digest.ts
        plainest(
            lambda shown: client.chat_update(
                channel=channel, ts=ts, text=shown.text, blocks=shown.blocks
            ),
            rendered(store, digest),
        )


def plainest(show: Callable[[Shown], Any], shown: Shown | None) -> Any:
    """What showing gave; plainer blocks are tried where Slack refuses these. None when nothing could be shown."""
    while shown is not None:
        try:
            return show(shown)
        except SlackApiError as error:
            get_log(part="review").info("not_shown", error=str(error.response.get("error")))
            shown = shown.plainer
        except UNREACHABLE as error:
            get_log(part="review").info("not_shown", error=type(error).__name__)
            return None

    return None
