"""Slack's rate limits: token buckets per method by tier, and one message a second in each channel."""

from __future__ import annotations

import math
from collections.abc import Callable

PER_MINUTE = {1: 1, 2: 20, 3: 50, 4: 100}
CHANNEL_BURST = 10
"""Slack grants short bursts above one message a second; how long it does not say."""
WORKSPACE_PER_MINUTE = 300
"""Posting is limited to several hundred messages a minute for the whole workspace."""


class Rates:
    """How many calls are left. Switched off, nothing is ever limited."""

    def __init__(self, now: Callable[[], float], *, on: bool = True) -> None:
        self.on = on
        self._now = now
        self._buckets: dict[tuple[str, str], tuple[float, float]] = {}

    def wait(self, method: str, tier: int | None, channel: str | None) -> int | None:
        """None, and one call less is left; or the seconds until the next is allowed (Retry-After), and nothing changes.

        A method without a tier is limited as a post: by channel, and over the workspace.
        """
        if not self.on:
            return None

        if tier is not None:
            limits = [((method, ""), float(PER_MINUTE[tier]), PER_MINUTE[tier] / 60)]
        else:
            limits = [
                ((method, channel or ""), float(CHANNEL_BURST), 1.0),
                ((method, "*"), float(WORKSPACE_PER_MINUTE), WORKSPACE_PER_MINUTE / 60),
            ]

        now = self._now()
        left = [self._left(key, most, rate, now) for key, most, rate in limits]

        waits = [
            (1 - have) / rate for have, (_, _, rate) in zip(left, limits, strict=True) if have < 1
        ]
        if waits:
            return max(1, math.ceil(max(waits)))

        for have, (key, _, _) in zip(left, limits, strict=True):
            self._buckets[key] = (have - 1, now)

        return None

    def _left(self, key: tuple[str, str], most: float, rate: float, now: float) -> float:
        have, at = self._buckets.get(key, (most, now))
        return min(most, have + (now - at) * rate)
