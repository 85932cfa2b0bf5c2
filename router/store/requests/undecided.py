"""Requests that no process has decided yet: who tries next, and how often that was tried."""

from __future__ import annotations

from sqlalchemy import Engine, and_, delete, select, update

from router.store.base.engine import one_statement, writing
from router.store.base.tables import decision, outcome, request
from router.types import UNDECIDED


class UndecidedRequests:
    """The rows of the request table in state `received`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def overdue(self, now: float, limit: int = 500) -> list[str]:
        """Returns requests that should have been decided by now, oldest first."""
        query = (
            select(request.c.id)
            .where(request.c.state == "received", request.c.wake_at <= now)
            .order_by(request.c.received_at)
            .limit(limit)
        )
        with one_statement(self._engine) as connection:
            return list(connection.execute(query).scalars())

    def begin(self, key: str, now: float, again: float) -> int | None:
        """Counts an attempt to decide the request, durably, before it is made.

        Returns the number of attempts, this one included; None where the request is decided or
        another process has begun. Nobody begins again before `again`.
        """
        # Counted first: an attempt that ends the process must not be forgotten with it.
        statement = (
            update(request)
            .where(request.c.id == key, request.c.state == "received", request.c.wake_at <= now)
            .values(tries=request.c.tries + 1, wake_at=again)
            .returning(request.c.tries)
        )
        with one_statement(self._engine) as connection:
            tries: int | None = connection.execute(statement).scalar()

        return tries

    def reopen(self, key: str, now: float) -> bool:
        """Makes a request that was given up undecided again, with all its attempts."""
        given_up = and_(
            request.c.id == key, request.c.state == "dead", request.c.error == UNDECIDED
        )
        values = {
            "state": "received",
            "tries": 0,
            "wake_at": now,
            "done_at": None,
            "error": None,
        }
        with writing(self._engine) as connection:
            if not connection.execute(update(request).where(given_up).values(values)).rowcount:
                return False

            # What stands for the decision that could not be made.
            for table in (outcome, decision):
                connection.execute(delete(table).where(table.c.request == key))

        return True
