"""Requests whose message was deleted: their words go at once, their place until nothing is shown.

The row stays while Slack may still show an answer, because it says where that answer is.
"""

from __future__ import annotations

from sqlalchemy import Engine, delete, select, update

from router.store.base.engine import one_statement, writing
from router.store.base.tables import decision, feedback, outcome, request
from router.store.requests.reminders import cancel_reminders, reminder
from router.store.requests.sendings import sending
from router.types import PART_EVENT


class Withdrawals:
    """The requests in state `withdrawn`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def begin(self, team: str, channel: str, ts: str, now: float) -> list[str]:
        """Withdraws the requests that the message at `ts` made; returns their ids.

        These are the message's own and that of another part of it. Everything written about them
        is deleted. A worker on one of them loses its lease and may not post.
        """
        place = (request.c.team == team, request.c.channel == channel, request.c.ts == ts)
        with writing(self._engine) as connection:
            key: str | None = connection.execute(select(request.c.id).where(*place)).scalar()
            if key is None:
                return []

            values = {
                "state": "withdrawn",
                "text": "",
                "vector": None,
                "encoder": None,
                "error": None,
                # A raised token takes the request from whoever is at work on it.
                "fence": request.c.fence + 1,
                "owner": None,
                "lease_until": None,
                "wake_at": now,
                "done_at": now,
            }
            # The whole message first: who makes a request of a part of it holds its row until then.
            connection.execute(update(request).where(request.c.id == key).values(values))
            part = request.c.event_id == f"{PART_EVENT}{key}"
            withdrawn = update(request).where(part).values(values).returning(request.c.id)
            keys = [key, *connection.execute(withdrawn).scalars()]
            cancel_reminders(connection, reminder.c.request.in_(keys), now)
            for table in (decision, outcome, feedback, sending):
                connection.execute(delete(table).where(table.c.request.in_(keys)))

        return keys

    def withdrawn_at(self, key: str) -> float | None:
        """Returns when the request was withdrawn, in unix seconds; None if it is not."""
        query = select(request.c.done_at).where(request.c.id == key, request.c.state == "withdrawn")
        with one_statement(self._engine) as connection:
            at: float | None = connection.execute(query).scalar()

        return at

    def finish(self, key: str) -> None:
        """Deletes the row, and with it everything that belongs to the request."""
        with one_statement(self._engine) as connection:
            connection.execute(
                delete(request).where(request.c.id == key, request.c.state == "withdrawn")
            )
