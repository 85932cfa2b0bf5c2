"""Requests that nobody has begun to answer: the queue that people wait in."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Engine, and_, func, or_, select

from router.store.base.engine import reading
from router.store.base.tables import request
from router.store.requests.conditions import is_free
from router.store.requests.leasing import FIELDS
from router.types import Request


class WaitingRequests:
    """The rows of the request table that are undecided, or decided and were never leased.

    A message that was only overheard in a channel counts once it is decided: before, it is not
    known to be for Beagle.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def count(self, now: float) -> int:
        """Returns how many requests wait now, in all workspaces: they share the workers."""
        query = select(func.count()).select_from(request).where(_waits(now))
        with reading(self._engine) as connection:
            count: int = connection.execute(query).scalar_one()

        return count

    def received_between(self, after: float, until: float, now: float, limit: int) -> list[Request]:
        """Returns those that wait now and came after `after` and by `until`, oldest first."""
        query = (
            select(*FIELDS)
            .where(_waits(now), request.c.received_at > after, request.c.received_at <= until)
            .order_by(request.c.received_at)
            .limit(limit)
        )
        with reading(self._engine) as connection:
            return [Request(**row) for row in connection.execute(query).mappings()]


def _waits(now: float) -> ColumnElement[bool]:
    is_decided = and_(request.c.state == "decided", request.c.tries == 0, is_free(now))
    # Left so where the database took no more writes, or by a process that ended.
    is_undecided = and_(request.c.state == "received", request.c.source != "channel")
    return or_(is_decided, is_undecided)
