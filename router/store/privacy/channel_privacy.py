"""Makes private what was said in a channel while it was public, in every table that holds it."""

from __future__ import annotations

from sqlalchemy import Connection, update

from router.store.base.mining_tables import overheard
from router.store.base.tables import request


def mark_private(connection: Connection, team: str, channel_id: str) -> None:
    """Marks what was said in the channel as private, in the caller's transaction.

    It still counts, and is no longer shown to others. A channel that becomes public again does not
    publish what was said before. Calling it twice is safe.
    """
    for table in (request, overheard):
        said_there = (
            table.c.team == team,
            table.c.channel == channel_id,
            table.c.channel_kind == "public",
        )
        connection.execute(update(table).where(*said_there).values(channel_kind="private"))
