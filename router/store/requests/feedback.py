"""Feedback: each person's latest opinion of an answer. `labels.py` reads it as training labels."""

from __future__ import annotations

from sqlalchemy import Engine, delete, select

from router.store.base.engine import insert_for, one_statement
from router.store.base.rows import as_row, literals
from router.store.base.tables import feedback, request
from router.types import Feedback


class FeedbackTable:
    """The feedback table; one row for each request, user and aspect."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = insert_for(engine)

    def record(self, new: Feedback) -> None:
        """Stores the feedback in place of an older one; one that arrives late changes nothing.

        Neither does one on a request that was erased meanwhile.
        """
        row = as_row(new)
        # An erasure waits for this statement, or this one finds the request gone.
        stored = (
            select(*literals(feedback, row))
            .select_from(request)
            .where(request.c.id == new.request)
            .with_for_update(read=True)
        )
        statement = self._insert(feedback).from_select(list(row), stored)
        # Events may arrive out of order, so an older opinion never replaces a newer one.
        newest = statement.on_conflict_do_update(
            index_elements=["request", "user", "aspect"],
            set_={
                "value": statement.excluded.value,
                "at": statement.excluded.at,
                "user_team": statement.excluded.user_team,
            },
            where=feedback.c.at <= statement.excluded.at,
        )

        with one_statement(self._engine) as connection:
            connection.execute(newest)

    def remove(self, team: str, request_id: str, user: str, aspect: str) -> None:
        """Removes the person's feedback on that aspect of a request in the workspace."""
        in_team = select(request.c.id).where(request.c.team == team)
        statement = delete(feedback).where(
            feedback.c.request == request_id,
            feedback.c.request.in_(in_team),
            feedback.c.user == user,
            feedback.c.aspect == aspect,
        )
        with one_statement(self._engine) as connection:
            connection.execute(statement)

    def for_request(self, request_id: str) -> list[Feedback]:
        """Returns all feedback on one answer, oldest first."""
        query = select(feedback).where(feedback.c.request == request_id).order_by(feedback.c.at)
        with one_statement(self._engine) as connection:
            return [Feedback(**row) for row in connection.execute(query).mappings()]
