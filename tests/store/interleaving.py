"""Makes races happen on purpose: acts between what a store reads and what it then writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import Connection, event

from router.store import Store


def before_next_write(store: Store, action: Callable[[], object]) -> None:
    """Calls `action` once, when the store is about to begin its next write transaction.

    The store has read by then, and holds no lock yet, so `action` may write through another store.
    """
    pending = [action]

    def overtake(_: Connection, options: Mapping[str, object]) -> None:
        if pending and options.get("write"):
            pending.pop()()

    # A write transaction marks its connection before it begins.
    event.listen(store.engine, "set_connection_execution_options", overtake)
