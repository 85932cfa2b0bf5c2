"""The outbox: where the one visible answer of each request stands."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine, delete, select, update

from router.store.base.engine import insert_for, reading, writing
from router.store.base.tables import reply, request


@dataclass(frozen=True, slots=True)
class Place:
    """Where an answer stands: `ts` once known. `posting` says that a post may have reached Slack unrecorded."""

    channel: str
    ts: str | None
    posting: bool
    revision: int | None


class Replies:
    """The reply table."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = insert_for(engine)

    def place(self, key: str) -> Place | None:
        """Where the answer of a request stands, None when nothing was tried yet."""
        query = select(reply.c.channel, reply.c.ts, reply.c.posting, reply.c.revision).where(
            reply.c.request == key
        )
        with reading(self._engine) as connection:
            row = connection.execute(query).mappings().one_or_none()

        return Place(**row) if row else None

    def announce(self, key: str, channel: str) -> Place | None:
        """Recorded: a post is about to be made. Returns what stood there before, None the first time."""
        with writing(self._engine) as connection:
            query = select(reply.c.channel, reply.c.ts, reply.c.posting, reply.c.revision).where(
                reply.c.request == key
            )

            row = connection.execute(query).mappings().one_or_none()
            if row is None:
                connection.execute(
                    self._insert(reply).values(request=key, channel=channel, posting=True)
                )
                return None

            connection.execute(
                update(reply)
                .where(reply.c.request == key, reply.c.ts.is_(None))
                .values(posting=True)
            )

        return Place(**row)

    def withdraw(self, key: str) -> None:
        """An announced post was refused: nothing stands in Slack, as if it had not been tried."""
        with writing(self._engine) as connection:
            connection.execute(delete(reply).where(reply.c.request == key, reply.c.ts.is_(None)))

    def settle(self, key: str, ts: str) -> str:
        """The ts that counts from now on: `ts`, or that of a post which was recorded first."""
        with writing(self._engine) as connection:
            mine = update(reply).where(reply.c.request == key, reply.c.ts.is_(None))
            if connection.execute(mine.values(ts=ts, posting=False)).rowcount:
                return ts

            found: str = connection.execute(
                select(reply.c.ts).where(reply.c.request == key)
            ).scalar_one()

        return found

    def shown(self, key: str, revision: int) -> None:
        """The answer of that revision stands in Slack."""
        with writing(self._engine) as connection:
            connection.execute(
                update(reply).where(reply.c.request == key).values(revision=revision)
            )

    def request_at(self, channel: str, ts: str, team: str | None = None) -> str | None:
        """The request, of that workspace, whose answer stands at `ts`."""
        query = select(reply.c.request).where(reply.c.channel == channel, reply.c.ts == ts)
        if team is not None:
            query = query.join(request, request.c.id == reply.c.request).where(
                request.c.team == team
            )

        with reading(self._engine) as connection:
            found: str | None = connection.execute(query).scalar()

        return found
