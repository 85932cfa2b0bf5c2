"""Which requests somebody else than the asker replied to in their thread: counted, never read."""

from __future__ import annotations

from sqlalchemy import Engine, func, select

from router.store.base.engine import insert_for, one_statement
from router.store.base.tables import request
from router.store.knowledge.capture_tables import people_reply
from router.types import GONE


class PeopleReplies:
    """The people_reply table: one row for each request that a person replied to, without words."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = insert_for(engine)

    def note(self, team: str, place: tuple[str, str], user: str, ts: str, at: float) -> bool:
        """Notes that the user's message `ts` replied to the newest request before it.

        Only requests by others in its thread count; `place` is the channel and the thread. A late
        event belongs to the request that it followed in Slack. Returns whether that is new.
        """
        channel, thread = place
        newest = (
            select(request.c.id)
            .where(
                request.c.team == team,
                request.c.channel == channel,
                request.c.thread == thread,
                request.c.user != user,
                request.c.ts < ts,
                request.c.state.not_in(GONE),
            )
            .order_by(request.c.ts.desc())
            .limit(1)
        )
        # Most threads have no request: none of their messages waits for the write lock.
        with one_statement(self._engine) as connection:
            key = connection.execute(newest).scalar()
        if key is None:
            return False

        row = {"request": key, "team": team, "at": at}
        statement = self._insert(people_reply).values(row).on_conflict_do_nothing()
        with one_statement(self._engine) as connection:
            return bool(connection.execute(statement).rowcount)

    def count(self, team: str, since: float, until: float) -> int:
        """Returns how many requests got their first reply by a person in that time."""
        query = select(func.count()).where(
            people_reply.c.team == team, people_reply.c.at >= since, people_reply.c.at < until
        )
        with one_statement(self._engine) as connection:
            return int(connection.execute(query).scalar_one())
