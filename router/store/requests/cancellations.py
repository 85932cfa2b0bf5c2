"""Requests that a person stopped: nobody works on them any more, and the answer says so."""

from __future__ import annotations

from sqlalchemy import Engine, func, select, update

from router.store.base.engine import insert_for, reading, writing
from router.store.base.tables import decision, request
from router.store.base.workspace_tables import stop
from router.store.requests.conditions import OPEN


class Cancellations:
    """The stop table."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = insert_for(engine)

    def cancel_thread(self, thread_key: tuple[str, str, str], user: str, at: float) -> list[str]:
        """Stops every open request of the thread (team, channel, thread).

        Returns them, oldest first.

        A worker on one of them loses its lease at once: the fencing token is raised, so only what
        comes after the stop may write.
        """
        team, channel, thread = thread_key
        # A correction after the stop has another revision and is answered again.
        revision = (
            select(func.coalesce(func.max(decision.c.revision), 0))
            .where(decision.c.request == request.c.id)
            .scalar_subquery()
        )
        query = (
            select(request.c.id, revision.label("revision"))
            .where(
                request.c.team == team,
                request.c.channel == channel,
                request.c.thread == thread,
                request.c.state.in_(OPEN),
            )
            .order_by(request.c.ts)
        )

        with writing(self._engine) as connection:
            rows = connection.execute(query).all()
            for row in rows:
                values = {"request": row.id, "revision": row.revision, "user": user, "at": at}
                connection.execute(self._insert(stop).values(values).on_conflict_do_nothing())
                freed = {
                    "fence": request.c.fence + 1,
                    "owner": None,
                    "lease_until": None,
                    "wake_at": at,
                }
                connection.execute(update(request).where(request.c.id == row.id).values(freed))

        return [row.id for row in rows]

    def is_cancelled(self, key: str, revision: int) -> bool:
        """Returns whether a person stopped that revision of the request."""
        query = select(stop.c.user).where(stop.c.request == key, stop.c.revision == revision)
        with reading(self._engine) as connection:
            return connection.execute(query).scalar() is not None
