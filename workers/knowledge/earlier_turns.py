"""What was said before a request and belongs to it: its thread, or a direct message just before."""

from __future__ import annotations

from router.speech.follow_up import is_follow_up
from router.store import Store
from router.types import Request

FOLLOW_UP_SECONDS = 600.0
"""For so long a direct message outside a thread may go on with the one before it."""
MAX_TURNS = 8


def earlier_turns(store: Store, request: Request, limit: int = MAX_TURNS) -> list[Request]:
    """Returns the last `limit` requests that this one goes on with, oldest first.

    Those are the ones before it in its thread. A message outside a thread begins one, unless it is
    a follow-up in a direct message. A part of a message goes on with nothing: the other part asked
    for something else.
    """
    if request.part_of:
        return []
    if request.thread_ts is not None:
        return store.requests.earlier_in_thread(request, limit)

    previous = previous_in_dm(store, request)
    if previous is None:
        return []

    before = store.requests.earlier_in_thread(previous, limit - 1) if limit > 1 else []
    return [*before, previous]


def previous_in_dm(store: Store, request: Request) -> Request | None:
    """Returns the request that a direct message outside a thread goes on with; None without one."""
    if request.thread_ts is not None or request.channel_kind != "dm":
        return None
    if not is_follow_up(request.text):
        return None

    return store.decisions.previous_request(request, request.received_at - FOLLOW_UP_SECONDS)
