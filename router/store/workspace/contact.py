"""When events of Slack could not arrive, and where Beagle was used: what that may have cost."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Column, ColumnElement, Engine, delete, func, select

from router.store.base.engine import insert_for, one_statement
from router.store.base.tables import request
from router.store.base.workspace_tables import contact, dropped_events

EVENTS = "events"
MINUTE = 60


class Contact:
    """The tables of contact and of dropped events, and the places that the requests name."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = insert_for(engine)

    def last(self) -> float | None:
        """Returns when the installation could last receive events; None before the first time."""
        query = select(contact.c.at).where(contact.c.what == EVENTS)
        with one_statement(self._engine) as connection:
            return connection.execute(query).scalar()

    def mark(self, at: float) -> None:
        """Writes down that the installation can receive events now."""
        statement = self._insert(contact).values(what=EVENTS, at=at)
        newest = statement.on_conflict_do_update(index_elements=["what"], set_={"at": at})
        with one_statement(self._engine) as connection:
            connection.execute(newest)

    def note_dropped(self, team: str, minute: int) -> None:
        """Writes down that Slack dropped events of the minute that begins at that unix second."""
        statement = self._insert(dropped_events).values(team=team, minute=minute)
        with one_statement(self._engine) as connection:
            connection.execute(statement.on_conflict_do_nothing())

    def dropped(self, before: float) -> dict[str, list[int]]:
        """Returns the minutes noted for each workspace that had ended by then, oldest first."""
        query = (
            select(dropped_events)
            .where(dropped_events.c.minute + MINUTE <= before)
            .order_by(dropped_events.c.minute, dropped_events.c.team)
        )
        minutes: dict[str, list[int]] = {}
        with one_statement(self._engine) as connection:
            for row in connection.execute(query):
                minutes.setdefault(row.team, []).append(row.minute)

        return minutes

    def forget_dropped(self, team: str, minutes: Sequence[int]) -> None:
        """Takes the workspace's minutes off the list: what was said in them has been read."""
        where = (dropped_events.c.team == team, dropped_events.c.minute.in_(minutes))
        with one_statement(self._engine) as connection:
            connection.execute(delete(dropped_events).where(*where))

    def channels(self, team: str, since: float, limit: int) -> list[str]:
        """Returns where somebody of the workspace asked since then, the newest place first."""
        return self._newest(request.c.channel, since, limit, request.c.team == team)

    def threads(self, team: str, channel: str, since: float, limit: int) -> list[str]:
        """Returns the channel's threads in which somebody asked since then, the newest first."""
        where = (request.c.team == team, request.c.channel == channel)
        return self._newest(request.c.thread, since, limit, *where)

    def _newest(
        self, column: Column[str], since: float, limit: int, *where: ColumnElement[bool]
    ) -> list[str]:
        """Returns the values of the column in requests since then, the last used one first."""
        query = (
            select(column)
            .where(*where, request.c.received_at >= since)
            .group_by(column)
            .order_by(func.max(request.c.received_at).desc(), column)
            .limit(limit)
        )
        with one_statement(self._engine) as connection:
            return list(connection.execute(query).scalars())
