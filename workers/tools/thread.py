"""Looks up what was said to Beagle in a thread of the channel where the answer will stand."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from router.types import Request
from workers.tools import ToolError, Use

HELP = "Gives the earlier messages of a thread: of this one, or of the one behind a link to a message in this channel."
ARGUMENTS: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "link": {"type": "string", "maxLength": 200, "description": "empty for this thread"}
    },
    "required": ["link"],
    "additionalProperties": False,
}
READ_ONLY = True
MOST = 20
LINK = re.compile(r"/archives/(?P<channel>[A-Z0-9]+)/p(?P<seconds>\d{10})(?P<micros>\d{6})")


def run(use: Use) -> str:
    """The messages, oldest first. Another channel's are refused: not every reader of the answer may read those."""
    link = str(use.args.get("link", "")).strip()
    asked = use.work.request

    if not link:
        return (
            _lines(use, use.context.store.requests.thread(asked, MOST))
            or "Nothing was said before in this thread."
        )

    found = LINK.search(link)
    if found is None:
        raise ToolError(f"{link!r} is no link to a message; leave it empty for this thread")

    if found["channel"] != asked.channel:
        raise ToolError(
            "that message is in another channel; only this channel's threads can be looked up here"
        )

    one = use.context.store.requests.find(
        asked.channel, f"{found['seconds']}.{found['micros']}", asked.team
    )
    if one is None:
        raise ToolError("that message was not addressed to Beagle, so it was not kept")

    return _lines(use, [*use.context.store.requests.thread(one, MOST), one])


def _lines(use: Use, requests: Sequence[Request]) -> str:
    decisions = use.context.store.decisions
    lines = []

    for request in requests:
        lines.append(f"Person: {request.text}")
        decision = decisions.newest(request.id)

        outcome = decisions.outcome(request.id, decision.revision) if decision else None
        if outcome is not None and outcome.text:
            lines.append(f"Beagle: {outcome.text}")

    return "\n".join(lines)
