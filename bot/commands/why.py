"""`/beagle why LINK`: the reasons for the route of an answer."""

from __future__ import annotations

import re

from bot.commands import Asked
from bot.routing import explain as reasons
from bot.ui.blocks import Shown, words
from bot.ui.texts import common as texts

HELP = "`<link to an answer>` why that route was chosen"
LINK = re.compile(r"/archives/(\w+)/p(\d{10})(\d{6})")


def run(asked: Asked) -> Shown:
    """The explanation, for an answer in the channel where the command was typed."""
    found = LINK.search(" ".join(asked.words))
    key = None

    if found and found.group(1) == asked.channel:
        ts = f"{found.group(2)}.{found.group(3)}"
        request = asked.store.requests.find(asked.channel, ts, asked.team)
        key = (
            request.id if request else asked.store.replies.request_at(asked.channel, ts, asked.team)
        )

    decision = asked.store.decisions.newest(key) if key else None
    if decision is None:
        return Shown(texts.NOT_FOUND_ANSWER, [words(texts.NOT_FOUND_ANSWER)])

    lines = reasons.explain(decision)
    return Shown("\n".join(lines), [reasons.block(lines)])
