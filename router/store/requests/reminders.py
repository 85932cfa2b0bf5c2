"""Reminders that Slack is to post: where each of them is, so that it can be cancelled.

A row holds ids and times only, and stays when its request is deleted: Slack still has the words.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Engine,
    Float,
    Index,
    Table,
    Text,
    delete,
    exists,
    select,
    update,
)

from router.store.base.engine import insert_for, one_statement, writing
from router.store.base.rows import as_row, literals
from router.store.base.tables import metadata, request

reminder = Table(
    "reminder",
    metadata,
    Column("key", Text, primary_key=True),
    Column("team", Text, nullable=False),
    Column("channel", Text, nullable=False),
    # Without a foreign key: the row outlives the request.
    Column("request", Text, nullable=False),
    Column("user", Text, nullable=False),
    Column("at", Float, nullable=False),
    Column("post_at", Float, nullable=False),
    Column("scheduled", Text, nullable=False, server_default=""),
    # When somebody has to cancel it; NULL while it is wanted.
    Column("wake_at", Float),
    Index("ix_reminder_wake_at", "wake_at"),
    Index("ix_reminder_request", "request"),
    Index("ix_reminder_post_at", "post_at"),
)


@dataclass(frozen=True, slots=True)
class ScheduledReminder:
    """A message that Slack posts at `post_at`; `key` is that of its sending.

    `scheduled` is Slack's id of it, empty while nobody knows whether Slack took it. `user` pressed
    the button, `at` is when it has been handed to Slack at the latest.
    """

    key: str
    team: str
    channel: str
    request: str
    user: str
    at: float
    post_at: float
    scheduled: str = ""
    wake_at: float | None = field(default=None)


class Reminders:
    """The reminder table."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = insert_for(engine)

    def begin(self, new: ScheduledReminder) -> bool:
        """Records that it is about to be handed to Slack.

        Returns False, and records nothing, where its request was deleted meanwhile.
        """
        row = as_row(new)
        # A deletion waits for this statement, or this one finds the request gone.
        stays = (
            select(*literals(reminder, row))
            .select_from(request)
            .where(request.c.id == new.request, request.c.state != "withdrawn")
            .with_for_update(read=True)
        )
        statement = self._insert(reminder).from_select(list(row), stays)
        # One that is to be cancelled stays so, whatever another try does.
        again = {name: row[name] for name in ("at", "post_at", "scheduled")}
        statement = statement.on_conflict_do_update(index_elements=["key"], set_=again)
        with one_statement(self._engine) as connection:
            return bool(connection.execute(statement).rowcount)

    def record(self, key: str, scheduled: str) -> None:
        """Records Slack's id of it."""
        with one_statement(self._engine) as connection:
            connection.execute(
                update(reminder).where(reminder.c.key == key).values(scheduled=scheduled)
            )

    def is_recorded(self, scheduled: str) -> bool:
        """Returns whether Slack's id is that of a reminder that is known here."""
        known = exists().where(reminder.c.scheduled == scheduled)
        with one_statement(self._engine) as connection:
            return bool(connection.execute(select(known)).scalar())

    def cancel(self, key: str, now: float) -> None:
        """Has the reminders of request `key` cancelled, because its answer was deleted."""
        with one_statement(self._engine) as connection:
            cancel_reminders(connection, reminder.c.request == key, now)

    def overdue(self, now: float, limit: int = 100) -> list[str]:
        """Returns the keys of those that are to be cancelled now, the longest due first."""
        query = (
            select(reminder.c.key)
            .where(reminder.c.wake_at <= now)
            .order_by(reminder.c.wake_at)
            .limit(limit)
        )
        with one_statement(self._engine) as connection:
            return list(connection.execute(query).scalars())

    def claim(self, key: str, now: float, until: float) -> ScheduledReminder | None:
        """Returns one for the caller to cancel; nobody else may before `until`.

        None if it is wanted, or if another worker is at it.
        """
        due = (reminder.c.key == key, reminder.c.wake_at <= now)
        with writing(self._engine) as connection:
            claimed = update(reminder).where(*due).values(wake_at=until)
            if connection.execute(claimed).rowcount != 1:
                return None

            columns = (reminder.c[name] for name in ScheduledReminder.__slots__)
            query = select(*columns).where(reminder.c.key == key)
            row = connection.execute(query).mappings().one()

        return ScheduledReminder(**row)

    def remove(self, key: str) -> None:
        """Deletes the row: nothing is left to cancel."""
        with one_statement(self._engine) as connection:
            connection.execute(delete(reminder).where(reminder.c.key == key))

    def delete_past(self, before: float) -> int:
        """Deletes the rows of those that Slack posted before then; returns how many."""
        with one_statement(self._engine) as connection:
            past = delete(reminder).where(reminder.c.post_at < before)
            return connection.execute(past).rowcount


def cancel_reminders(
    connection: Connection, condition: ColumnElement[bool], now: float = 0.0
) -> None:
    """Has the reminders for which the condition holds cancelled, from `now` on."""
    wanted = (condition, reminder.c.wake_at.is_(None))
    connection.execute(update(reminder).where(*wanted).values(wake_at=now))
