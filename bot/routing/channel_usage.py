"""How often each route served a channel: the evidence for the router's channel prior."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping

from router.store.usage.stats import DAY, Stats

CACHE_SECONDS = 300.0
"""A channel's habits change slowly; a decision need not count them each time."""
MAX_CHANNELS = 1_000
"""Channels in the cache; the one that was used longest ago makes room."""


class ChannelUsage:
    """Counts of answered requests by route, cached per channel. Safe for many threads."""

    def __init__(self, stats: Stats, now: Callable[[], float], retention_days: float) -> None:
        self._stats = stats
        self._now = now
        self._retention_days = retention_days
        self._lock = threading.Lock()
        self._cache: OrderedDict[tuple[str, str], tuple[float, Mapping[str, int]]] = OrderedDict()

    def route_counts(self, team: str, channel: str) -> Mapping[str, int]:
        """Returns how many requests each route answered there in the retention window.

        The counts may be `CACHE_SECONDS` old. With unlimited retention all requests count.
        """
        key = (team, channel)
        now = self._now()
        with self._lock:
            cached = self._cache.get(key)
            if cached is not None and now < cached[0]:
                self._cache.move_to_end(key)
                return cached[1]

        # The query runs outside the lock: two threads may count the same channel at once, which
        # costs less than making every decision wait for the database.
        since = now - self._retention_days * DAY if self._retention_days else 0.0
        counts = self._stats.route_counts(team, channel, since)

        with self._lock:
            self._cache[key] = (now + CACHE_SECONDS, counts)
            self._cache.move_to_end(key)
            while len(self._cache) > MAX_CHANNELS:
                self._cache.popitem(last=False)

        return counts

    def forget(self, team: str) -> None:
        """Removes the counts of a workspace that left."""
        with self._lock:
            for key in [key for key in self._cache if key[0] == team]:
                del self._cache[key]
