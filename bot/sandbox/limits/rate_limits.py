"""Slack's rate limits as token buckets: per method by tier, and for posts per channel."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

CALLS_PER_MINUTE = {1: 1, 2: 20, 3: 50, 4: 100}
"""By Slack's tiers."""
CHANNEL_BURST = 10
"""Slack allows short bursts above one message a second; it does not document their size."""
WORKSPACE_POSTS_PER_MINUTE = 300
"""Slack limits posting to several hundred messages a minute for the whole workspace."""
HISTORY_METHODS = frozenset({"conversations.history", "conversations.replies"})
UNLISTED_CALLS_PER_MINUTE, UNLISTED_PAGE = 1, 15
"""Calls of these methods, and messages in a page, for an app that many workspaces install and that
is not in Slack's Marketplace; since May 2025."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """A token bucket: it holds `capacity` calls and refills at `rate` calls a second."""

    key: tuple[str, str]
    capacity: float
    rate: float


class RateLimits:
    """Counts the calls that are left in each bucket. Nothing is limited unless `enabled`.

    An `unlisted` app reads the history of channels as slowly as one outside the Marketplace.
    """

    def __init__(
        self, now: Callable[[], float], *, enabled: bool = True, unlisted: bool = False
    ) -> None:
        self.enabled = enabled
        self.unlisted = unlisted
        self._now = now
        self._levels: dict[tuple[str, str], tuple[float, float]] = {}
        """By bucket: the calls that were left, and when."""

    def acquire(self, method: str, tier: int | None, channel: str | None) -> int | None:
        """Takes one call. Returns None, or the seconds to wait (Retry-After) if there is none left.

        A method without a tier counts as a post, which is limited per channel and per workspace.
        """
        if not self.enabled:
            return None

        now = self._now()
        buckets = _buckets(method, tier, channel)
        if self.unlisted and method in HISTORY_METHODS:
            calls = UNLISTED_CALLS_PER_MINUTE
            buckets = [Bucket((method, ""), calls, calls / 60)]

        levels = {bucket: self._level(bucket, now) for bucket in buckets}

        wait = max((1 - level) / bucket.rate for bucket, level in levels.items())
        if wait > 0:
            # A refused call takes nothing from any bucket.
            return max(1, math.ceil(wait))

        for bucket, level in levels.items():
            self._levels[bucket.key] = (level - 1, now)

        return None

    def _level(self, bucket: Bucket, now: float) -> float:
        level, since = self._levels.get(bucket.key, (bucket.capacity, now))
        return min(bucket.capacity, level + (now - since) * bucket.rate)


def _buckets(method: str, tier: int | None, channel: str | None) -> list[Bucket]:
    if tier is not None:
        calls = CALLS_PER_MINUTE[tier]
        return [Bucket((method, ""), calls, calls / 60)]

    return [
        Bucket((method, channel or ""), CHANNEL_BURST, 1.0),
        Bucket((method, "*"), WORKSPACE_POSTS_PER_MINUTE, WORKSPACE_POSTS_PER_MINUTE / 60),
    ]
