"""One request's life, step by step, without anybody's words: for an operator who looks for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, select

from router.store.base.engine import reading
from router.store.base.tables import decision, feedback, outcome, reply, request
from router.store.base.workspace_tables import stop
from router.store.requests.proposals import proposal
from router.store.versions.artefact_tables import trial


@dataclass(frozen=True, slots=True)
class TimelineStep:
    """What happened at a time (unix seconds; None where only the order is known), in figures."""

    at: float | None
    event: str
    facts: Mapping[str, Any]


class Timelines:
    """Reads the tables that say something of a request."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def for_request(self, key: str) -> list[TimelineStep]:
        """Returns the request's steps, oldest first; none where there is no such request."""
        with reading(self._engine) as connection:
            steps = list(_steps(connection, key))

        # What has no time is the state of now.
        return sorted(steps, key=lambda step: float("inf") if step.at is None else step.at)


def _steps(connection: Connection, key: str) -> Iterator[TimelineStep]:
    columns = [request.c[name] for name in _REQUEST]
    query = select(*columns, request.c.received_at, request.c.done_at).where(request.c.id == key)
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        return

    yield TimelineStep(row["received_at"], "received", {name: row[name] for name in _RECEIVED})
    if row["done_at"] is not None:
        facts = {"state": row["state"], "seconds": round(row["done_at"] - row["received_at"], 3)}
        yield TimelineStep(row["done_at"], "ended", facts)

    for event, table, names in _TABLES:
        same = select(*(table.c[name] for name in names), table.c.at).where(table.c.request == key)
        for found in connection.execute(same.order_by(table.c.at)).mappings():
            yield TimelineStep(found["at"], event, {name: found[name] for name in names})

    posted = select(*(reply.c[name] for name in _REPLY)).where(reply.c.request == key)
    for found in connection.execute(posted).mappings():
        yield TimelineStep(None, "reply", dict(found))

    yield TimelineStep(None, "now", {name: row[name] for name in _NOW})


_RECEIVED = ("team", "channel", "user", "ts", "channel_kind", "source")
_NOW = ("state", "tries", "fence", "owner", "lease_until", "wake_at", "error")
_REQUEST = (*_RECEIVED, *_NOW)
_REPLY = ("channel", "ts", "posting", "revision")
_TABLES = (
    ("decided", decision, ("revision", "verb", "route", "version", "confidence", "seconds")),
    ("served", outcome, ("revision", "route", "version", "model", "usd", "seconds", "error")),
    ("stopped", stop, ("revision", "user")),
    ("proposed", proposal, ("revision", "tool", "state", "decided_by", "decided_at", "done_at")),
    ("tried in shadow", trial, ("route", "version", "agreed", "valid", "seconds")),
    ("feedback", feedback, ("user", "aspect")),
)
"""What is shown of each table: nothing in it is anybody's words."""
