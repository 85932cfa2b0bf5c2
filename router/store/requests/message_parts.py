"""Requests that a part of another request's message made: one for each message, at most."""

from __future__ import annotations

from sqlalchemy import Engine, select

from router.store.base.engine import insert_for, one_statement
from router.store.base.rows import literals
from router.store.base.tables import request
from router.store.requests.leasing import FIELDS
from router.store.requests.requests import new_row
from router.types import GONE, PART_EVENT, Request


class MessageParts:
    """The requests whose source is `part`; their event id names the request of the whole."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = insert_for(engine)

    def insert(self, new: Request, wake_at: float, text: str) -> bool:
        """Inserts a request that a part of another one's message makes.

        Returns False if that message has made one already, or has another text than `text` by now,
        or was deleted.
        """
        row, whole = new_row(new, wake_at), request.alias("whole")
        # A deletion waits for this statement and then finds the part, or this one finds it gone.
        stays = (
            select(*literals(request, row))
            .select_from(whole)
            .where(whole.c.id == new.part_of, whole.c.text == text, whole.c.state.not_in(GONE))
            .with_for_update(read=True, of=whole)
        )
        statement = self._insert(request).from_select(list(row), stays).on_conflict_do_nothing()

        with one_statement(self._engine) as connection:
            return connection.execute(statement).rowcount == 1

    def get(self, key: str) -> Request | None:
        """Returns the request that a part of the message of request `key` made."""
        query = select(*FIELDS).where(request.c.event_id == f"{PART_EVENT}{key}")
        with one_statement(self._engine) as connection:
            row = connection.execute(query).mappings().one_or_none()

        return Request(**row) if row else None
