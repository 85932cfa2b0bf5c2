"""The advisory locks of PostgreSQL: which transactions take turns there, and why.

Most transactions need none: one statement checks and writes, or the rows that are read are locked
by FOR UPDATE. A lock is named where a transaction reads rows that may not exist yet, or several
tables, and decides by them. It is held until the transaction ends, so it works behind a pooler that
gives each transaction another connection. SQLite has one writer at a time and needs none of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import TypeAlias

Lock: TypeAlias = tuple[str, ...]
"""A name in `PURPOSES`, then what it is about: `("route", "T1", "triage")`."""

PURPOSES: Mapping[str, str] = {
    "channel": "a channel's members and description, as events and Slack's lists replace them",
    "documents": "a workspace's documents with their chunks and vectors",
    "embeddings": "a workspace's mining embeddings, which are marked as used in batches",
    "knowledge log": "the log of changed documents: its numbers must be committed in order",
    "migrations": "the schema",
    "opt-out": "a person's opt-out, against the channel messages that are captured from them",
    "person": "the requests of one person that are in work, which have an upper bound",
    "rewrite": "the copies with which tables are rewritten; one process at a time has any",
    "usage": "the counters, which one process at a time brings up to date",
    "user": "what Slack said of a person, by the times of its events",
    "route": "which version of a route is live, in canary or in shadow in a workspace",
}
"""Every lock by name, with what it protects. `docs/decisions/0016-concurrent-writers.md` repeats
it."""


def lock_key(lock: Lock) -> int:
    """Returns the lock's key, a signed 64-bit number. Raises KeyError for an unknown name."""
    PURPOSES[lock[0]]
    digest = hashlib.sha256("\0".join(lock).encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def take_locks(locks: Iterable[Lock]) -> str:
    """Returns the statement that waits for the locks and holds them until the transaction ends."""
    # Always in the same order, so that two transactions never wait for each other.
    calls = [f"pg_advisory_xact_lock({key})" for key in sorted(map(lock_key, locks))]
    return f"SELECT {', '.join(calls)}"
