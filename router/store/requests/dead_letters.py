"""Requests that were given up after their last attempt."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from router.store.base.tables import IS_DEAD, request


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A request that was given up after its last attempt; `replay` opens it again."""

    id: str
    channel: str
    tries: int
    error: str
    at: float


def read_dead_letters(connection: Connection, limit: int, team: str | None) -> list[DeadLetter]:
    """Returns the requests that were given up, newest first; of one workspace if it is named."""
    query = (
        select(
            request.c.id,
            request.c.channel,
            request.c.tries,
            func.coalesce(request.c.error, "").label("error"),
            request.c.done_at.label("at"),
        )
        .where(IS_DEAD)
        .order_by(request.c.done_at.desc())
        .limit(limit)
    )
    if team is not None:
        query = query.where(request.c.team == team)

    return [DeadLetter(**row) for row in connection.execute(query).mappings()]
