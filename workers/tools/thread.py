"""Looks up earlier requests and answers of a thread in the channel where the answer is posted."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from router.types import Request
from workers.tools import ToolCall, ToolError

HELP = (
    "Gives the earlier messages of a thread: of this one, "
    "or of the one behind a link to a message in this channel."
)
ARGUMENTS: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "link": {"type": "string", "maxLength": 200, "description": "empty for this thread"}
    },
    "required": ["link"],
    "additionalProperties": False,
}
READ_ONLY = True
MAX_MESSAGES = 20
LINK = re.compile(r"/archives/(?P<channel>[A-Z0-9]+)/p(?P<seconds>\d{10})(?P<micros>\d{6})")


def run(call: ToolCall) -> str:
    """Returns the thread's messages, oldest first.

    Other channels are refused, because not every reader of the answer may read them.
    """
    link = str(call.args.get("link", "")).strip()
    request = call.work.request
    requests = call.context.store.requests

    if not link:
        earlier = requests.earlier_in_thread(request, MAX_MESSAGES)
        return _render(call, earlier) or "Nothing was said before in this thread."

    match = LINK.search(link)
    if match is None:
        raise ToolError(f"{link!r} is no link to a message; leave it empty for this thread")

    # The rule that keeps a private channel's messages out of a public one.
    if match["channel"] != request.channel:
        raise ToolError(
            "that message is in another channel; only this channel's threads can be looked up here"
        )

    # A link has the message's timestamp without its dot.
    ts = f"{match['seconds']}.{match['micros']}"
    linked = requests.find(request.team, request.channel, ts)
    if linked is None:
        raise ToolError("that message was not addressed to Beagle, so it was not kept")

    return _render(call, [*requests.earlier_in_thread(linked, MAX_MESSAGES), linked])


def _render(call: ToolCall, requests: Sequence[Request]) -> str:
    decisions = call.context.store.decisions
    lines = []

    for request in requests:
        lines.append(f"Person: {request.text}")

        decision = decisions.newest(request.id)
        if decision is None:
            continue

        outcome = decisions.outcome(request.id, decision.revision)
        if outcome is not None and outcome.text:
            lines.append(f"Beagle: {outcome.text}")

    return "\n".join(lines)
