"""Which of a route's versions answers a person while a new one is being let in."""

from __future__ import annotations

import hashlib

SHARES = (0.05, 0.25, 1.0)
"""How many people a version in canary answers, one step after the other."""


def place(route: str, person: str) -> float:
    """Where a person stands in the queue for a route's new versions, in 0-1.

    It stays the same for ever, so somebody who was let in at 5 % is still in at 25 %, and it
    differs between routes: nobody is the first everywhere.
    """
    found = hashlib.sha256(f"{route}\0{person}".encode()).digest()
    return int.from_bytes(found[:8], "big") / 2**64


def let_in(route: str, person: str, share: float) -> bool:
    """Whether a version that answers `share` of the people answers this one."""
    return place(route, person) < share


def next_share(share: float) -> float | None:
    """The step after `share`; None after the last one: then the version goes live."""
    return next((one for one in SHARES if one > share), None)
