"""Remembers which kinds of blocks a workspace refuses, so that the next one is plain at once."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection

RETRY_SECONDS = 86_400.0
"""After a day a refused kind is tried again: workspaces change their plan, and Slack its mind."""
MAX_PLACES = 2_000
"""Workspaces times surfaces that are remembered; the one that was used longest ago makes room."""


class RefusedKinds:
    """By workspace and surface: the refused kinds. Shared by all threads of a process."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._until: OrderedDict[tuple[str, str], dict[str, float]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, team: str, surface: str) -> frozenset[str]:
        """Returns the kinds that Slack refused there less than a day ago."""
        now = self._now()
        with self._lock:
            found = self._until.get((team, surface))
            if found is None:
                return frozenset()

            self._until.move_to_end((team, surface))
            return frozenset(kind for kind, until in found.items() if until > now)

    def add(self, team: str, surface: str, kinds: Collection[str]) -> None:
        """Remembers that Slack refuses these kinds there."""
        if not kinds:
            return

        until = self._now() + RETRY_SECONDS
        with self._lock:
            found = self._until.setdefault((team, surface), {})
            found.update(dict.fromkeys(kinds, until))
            self._until.move_to_end((team, surface))

            while len(self._until) > MAX_PLACES:
                self._until.popitem(last=False)
