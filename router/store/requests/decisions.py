"""Decisions and outcomes: what was chosen for a request, and what running it gave, by revision."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import Engine, RowMapping, func, insert, select, update

from router.store.base.engine import reading, writing
from router.store.base.tables import decision, outcome, request
from router.types import Citation, Decision, Outcome, Score, Tokens


class Decisions:
    """The decision and outcome tables. A correction adds a revision; nothing is overwritten."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def decide(
        self, key: str, made: Decision, at: float, vector: tuple[str, bytes] | None = None
    ) -> bool:
        """The first decision of a request is stored and the request may be worked on.

        False when it had been decided before: two processes may decide the same request, the first
        one counts.
        """
        fresh = update(request).where(request.c.id == key, request.c.state == "received")
        values: dict[str, Any] = {"state": "decided", "wake_at": at}
        if vector is not None:
            values |= {"encoder": vector[0], "vector": vector[1]}

        with writing(self._engine) as connection:
            if not connection.execute(fresh.values(values)).rowcount:
                return False

            connection.execute(insert(decision).values(_row(key, replace(made, revision=0), at)))

        return True

    def revise(self, key: str, made: Decision, seen: int, at: float) -> Decision | None:
        """A new revision after `seen`, and the request is open again; None when somebody else revised first."""
        newest = select(func.max(decision.c.revision)).where(decision.c.request == key)
        again = (
            update(request)
            .where(request.c.id == key, request.c.state.in_(("answered", "dead", "decided")))
            .values(
                state="decided", tries=0, lease_until=None, wake_at=at, done_at=None, error=None
            )
        )

        with writing(self._engine) as connection:
            if connection.execute(newest).scalar() != seen:
                return None
            if not connection.execute(again).rowcount:
                return None

            revised = replace(made, revision=seen + 1)
            connection.execute(insert(decision).values(_row(key, revised, at)))

        return revised

    def newest(self, key: str) -> Decision | None:
        """The decision that counts now."""
        query = (
            select(decision)
            .where(decision.c.request == key)
            .order_by(decision.c.revision.desc())
            .limit(1)
        )
        with reading(self._engine) as connection:
            row = connection.execute(query).mappings().one_or_none()

        return _decision(row) if row else None

    def thread_route(self, team: str, channel: str, thread: str, before: str) -> str | None:
        """The route that served the last request of a thread before the message at ts `before`."""
        query = (
            select(decision.c.route)
            .join(request, request.c.id == decision.c.request)
            .where(
                request.c.team == team,
                request.c.channel == channel,
                request.c.thread == thread,
                request.c.ts < before,
                decision.c.verb == "route",
            )
            .order_by(request.c.ts.desc(), decision.c.revision.desc())
            .limit(1)
        )
        with reading(self._engine) as connection:
            found: str | None = connection.execute(query).scalar()

        return found

    def keep(self, key: str, revision: int, got: Outcome, at: float) -> None:
        """The outcome of a revision is stored; the first one stays when a step runs twice."""
        row = {"request": key, "revision": revision, "at": at} | _outcome_row(got)
        with writing(self._engine) as connection:
            known = select(outcome.c.at).where(
                outcome.c.request == key, outcome.c.revision == revision
            )
            if connection.execute(known).first() is None:
                connection.execute(insert(outcome).values(row))

    def outcome(self, key: str, revision: int) -> Outcome | None:
        """What running that revision gave, when it has been run."""
        query = select(outcome).where(outcome.c.request == key, outcome.c.revision == revision)
        with reading(self._engine) as connection:
            row = connection.execute(query).mappings().one_or_none()

        return _outcome(row) if row else None


def _row(key: str, made: Decision, at: float) -> dict[str, Any]:
    row = {name: getattr(made, name) for name in Decision.__slots__}
    row["scores"] = [asdict(score) for score in made.scores]
    row["reason"] = dict(made.reason)

    return row | {"request": key, "at": at}


def _decision(row: RowMapping) -> Decision:
    values = {name: row[name] for name in Decision.__slots__}
    values["scores"] = tuple(Score(**score) for score in row["scores"])
    return Decision(**values)


def _outcome_row(got: Outcome) -> dict[str, Any]:
    row = {name: getattr(got, name) for name in Outcome.__slots__}
    row["tokens"] = asdict(got.tokens)
    row["citations"] = [asdict(citation) for citation in got.citations]

    return row


def _outcome(row: RowMapping) -> Outcome:
    values = {name: row[name] for name in Outcome.__slots__}
    values["tokens"] = Tokens(**row["tokens"])
    values["citations"] = tuple(Citation(**citation) for citation in row["citations"])

    return Outcome(**values)
