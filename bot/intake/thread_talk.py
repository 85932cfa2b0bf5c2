"""Notices where people in a thread began to talk to each other, so that Beagle stays out of it."""

from __future__ import annotations

from bot.payloads import Event
from bot.transport.events import AUTHORED_SUBTYPES
from workers.runtime.bounded import BoundedDict

MAX_THREADS = 10_000
"""Threads that are remembered; of the others, an asker's messages are taken for Beagle's."""

ThreadKey = tuple[str, str, str]
"""A workspace, a channel and a thread."""


class ThreadTalk:
    """Remembers the threads in which somebody wrote to other people since Beagle was last asked.

    In memory: what a process forgets, or another one saw, is a follow-up as before.
    """

    def __init__(self) -> None:
        self._threads: BoundedDict[ThreadKey, bool] = BoundedDict(MAX_THREADS)

    def note(self, event: Event, team: str, *, is_request: bool) -> None:
        """Takes a message into account; `is_request` says that it was for Beagle."""
        thread = event.get("thread_ts")
        if not thread or event.get("subtype") not in AUTHORED_SUBTYPES:
            return

        key = (team, str(event.get("channel") or ""), str(thread))
        if is_request:
            self._threads.pop(key, None)
        elif event.get("user") and not event.get("bot_id"):
            self._threads[key] = True

    def is_between_people(self, team: str, channel: str, thread: str) -> bool:
        """Returns whether people talk to each other in that thread."""
        return (team, channel, thread) in self._threads
