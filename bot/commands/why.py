"""`/beagle why LINK`: why an answer's route was chosen."""

from __future__ import annotations

import re

from bot.commands import CommandContext, text_reply
from bot.ui.blocks import Rendered
from bot.ui.explanation import explanation_message
from bot.ui.texts import commands as texts
from router.types import Request

HELP = "`<link to an answer>` why that route was chosen"
LINK = re.compile(r"/archives/(\w+)/p(\d{10})(\d{6})")
"""A permalink: the channel, and the message's timestamp without its point."""


def run(context: CommandContext) -> Rendered:
    """Explains an answer in the channel where the command was typed."""
    if LINK.search(" ".join(context.words)) is None:
        return text_reply(texts.WHY_LINK)

    request = _request(context)
    decision = context.store.decisions.newest(request.id) if request else None
    if request is None or decision is None:
        return text_reply(texts.NOT_FOUND_ANSWER)

    return explanation_message(context.routing.explanation(request, decision, context.person))


def _request(context: CommandContext) -> Request | None:
    """Returns the linked request, or that of the linked answer; None if there is none here."""
    store, channel, team = context.store, context.channel, context.team
    link = LINK.search(" ".join(context.words))

    # Only this channel: what was asked elsewhere is not for everybody who has a link.
    if link is None or link.group(1) != channel:
        return None

    ts = f"{link.group(2)}.{link.group(3)}"
    request = store.requests.find(team, channel, ts)
    if request is not None:
        return request

    key = store.replies.request_at(team, channel, ts)
    return store.requests.get(key) if key else None
