"""What a request goes on with, as far as deciding needs it."""

from __future__ import annotations

from collections.abc import Sequence

from router.store import Store
from router.types import Request
from workers.knowledge.earlier_turns import earlier_turns, previous_in_dm

MAX_TURNS = 3


def conversation_of(store: Store, request: Request) -> tuple[str | None, Sequence[str]]:
    """Returns the route that served the conversation last, and the texts before this one.

    None and no texts for a message that begins a conversation, and for a part of one: that is read
    by its own words alone.
    """
    if request.part_of:
        return None, ()

    turns = tuple(turn.text for turn in earlier_turns(store, request, MAX_TURNS))
    if request.thread_ts is not None:
        team, channel = request.team, request.channel
        return store.decisions.thread_route(team, channel, request.thread, request.ts), turns

    previous = previous_in_dm(store, request)
    decision = None if previous is None else store.decisions.newest(previous.id)
    return None if decision is None else decision.route, turns
