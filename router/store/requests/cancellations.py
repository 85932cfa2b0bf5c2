"""Requests that a person stopped: nobody works on them any more, and the answer says so."""

from __future__ import annotations

from sqlalchemy import Engine, func, select, update

from router.store.base.engine import insert_for, writing
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
        # Locked, so that none of them is answered or corrected until it is stopped.
        opened = (
            select(request.c.id)
            .where(
                request.c.team == team,
                request.c.channel == channel,
                request.c.thread == thread,
                request.c.state.in_(OPEN),
            )
            .order_by(request.c.ts)
            .with_for_update()
        )
        freed = {
            "fence": request.c.fence + 1,
            "owner": None,
            "lease_until": None,
            "wake_at": at,
        }

        with writing(self._engine) as connection:
            keys: list[str] = list(connection.execute(opened).scalars())
            if not keys:
                return []

            # A correction after the stop has another revision and is answered again.
            newest = (
                select(decision.c.request, func.max(decision.c.revision))
                .where(decision.c.request.in_(keys))
                .group_by(decision.c.request)
            )
            revisions = {row[0]: row[1] for row in connection.execute(newest)}
            rows = [
                {"request": key, "revision": revisions.get(key, 0), "user": user, "at": at}
                for key in keys
            ]
            connection.execute(self._insert(stop).values(rows).on_conflict_do_nothing())
            connection.execute(update(request).where(request.c.id.in_(keys)).values(freed))

        return keys
