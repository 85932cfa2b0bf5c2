"""Feedback: the last word of each person on an answer. `labels.py` reads what it teaches."""

from __future__ import annotations

from sqlalchemy import Engine, delete, select

from router.store.base.engine import insert_for, reading, writing
from router.store.base.tables import feedback
from router.types import Feedback


class FeedbackTable:
    """The feedback table."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = insert_for(engine)

    def say(self, word: Feedback) -> None:
        """That is the person's word on that aspect now; an older one is replaced, a late one changes nothing."""
        row = {name: getattr(word, name) for name in Feedback.__slots__}
        statement = self._insert(feedback).values(row)
        newest = statement.on_conflict_do_update(
            index_elements=["request", "user", "aspect"],
            set_={"value": statement.excluded.value, "at": statement.excluded.at},
            where=feedback.c.at <= statement.excluded.at,
        )

        with writing(self._engine) as connection:
            connection.execute(newest)

    def unsay(self, request_id: str, user: str, aspect: str) -> None:
        """The person's word on that aspect is gone."""
        mine = (
            feedback.c.request == request_id,
            feedback.c.user == user,
            feedback.c.aspect == aspect,
        )
        with writing(self._engine) as connection:
            connection.execute(delete(feedback).where(*mine))

    def of(self, request_id: str) -> list[Feedback]:
        """Everything said of one answer, oldest first."""
        query = select(feedback).where(feedback.c.request == request_id).order_by(feedback.c.at)
        with reading(self._engine) as connection:
            return [Feedback(**row) for row in connection.execute(query).mappings()]
