"""Requests that a person stopped: nobody works on them any more, and the answer says so."""

from __future__ import annotations

from sqlalchemy import Engine, func, select, update

from router.store.base.engine import insert_for, reading, writing
from router.store.base.tables import decision, request
from router.store.base.workspace_tables import stop

OPEN = ("received", "decided")


class Stops:
    """The stop table."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = insert_for(engine)

    def thread(self, place: tuple[str, str, str], user: str, at: float) -> list[str]:
        """Every open request of the thread (team, channel, thread) is stopped; which ones, oldest first.

        Whoever works on one has lost it from this moment: the fence is raised, so that only what
        comes after the stop may write.
        """
        team, channel, thread = place
        mine = (request.c.team == team, request.c.channel == channel, request.c.thread == thread)
        newest = select(func.coalesce(func.max(decision.c.revision), 0)).where(
            decision.c.request == request.c.id
        )
        query = select(request.c.id, newest.scalar_subquery().label("revision")).where(*mine)

        with writing(self._engine) as connection:
            rows = connection.execute(
                query.where(request.c.state.in_(OPEN)).order_by(request.c.ts)
            ).all()
            for row in rows:
                values = {"request": row.id, "revision": row.revision, "user": user, "at": at}
                connection.execute(self._insert(stop).values(values).on_conflict_do_nothing())
                free = {
                    "fence": request.c.fence + 1,
                    "owner": None,
                    "lease_until": None,
                    "wake_at": at,
                }

                connection.execute(update(request).where(request.c.id == row.id).values(free))

        return [row.id for row in rows]

    def stopped(self, key: str, revision: int) -> bool:
        """Whether a person stopped that revision of a request."""
        query = select(stop.c.user).where(stop.c.request == key, stop.c.revision == revision)
        with reading(self._engine) as connection:
            return connection.execute(query).scalar() is not None
