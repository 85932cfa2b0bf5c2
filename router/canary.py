"""Canary assignment: which of a route's versions answers a user during a rollout."""

from __future__ import annotations

import hashlib
from collections.abc import Collection

CANARY_SHARES = (0.05, 0.25, 1.0)
"""Shares of users that a version in canary answers, step by step."""


def bucket(route: str, user: str) -> float:
    """Returns the user's place in 0-1 for a route, from a hash.

    It never changes, so a user of the 5 % step keeps the new version at 25 %. It differs between
    routes, so nobody is the first to get every new version.
    """
    digest = hashlib.sha256(f"{route}\0{user}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def in_rollout(route: str, user: str, share: float) -> bool:
    """Returns whether a version that answers `share` of the users answers this one."""
    return bucket(route, user) < share


def next_share(share: float) -> float | None:
    """Returns the share after `share`; None after the last one, when the version goes live."""
    for step in CANARY_SHARES:
        if step > share:
            return step

    return None


def share_with_somebody(route: str, users: Collection[str], share: float) -> float:
    """Returns the first step from `share` on that has one of `users` in it; `share` without any.

    A step of 5 % has nobody in it where few people ask, and would wait for ever.
    """
    for step in CANARY_SHARES:
        if step >= share and any(in_rollout(route, user, step) for user in users):
            return step

    return share
