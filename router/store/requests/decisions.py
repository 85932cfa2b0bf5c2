"""Decisions and outcomes by revision: what was chosen for a request, and what serving it gave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import Engine, RowMapping, and_, exists, func, insert, select, update

from router.store.base.compact import pack_vector
from router.store.base.engine import insert_for, one_statement, writing
from router.store.base.rows import as_row, literals
from router.store.base.tables import decision, outcome, request
from router.store.base.workspace_tables import stop
from router.store.requests.leasing import Lease
from router.types import (
    GONE,
    Citation,
    Decision,
    EarlierAttempt,
    Outcome,
    Request,
    Score,
    SlackPerson,
    Tokens,
)


@dataclass(frozen=True, slots=True)
class RequestProgress:
    """A decision, the outcome of serving it, if there is one, and whether a person stopped it."""

    decision: Decision
    outcome: Outcome | None
    is_cancelled: bool


_OUTCOME = tuple(column.label(f"outcome_{column.name}") for column in outcome.c)


SCORE_DIGITS = 6


class Decisions:
    """The decision and outcome tables. A correction adds a revision; nothing is overwritten."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = insert_for(engine)

    def insert_first(
        self, key: str, new: Decision, at: float, vector: tuple[str, bytes] | None = None
    ) -> bool:
        """Stores the first decision of a request, with its vector, and opens it to workers.

        `vector` is the encoder's id with float32 bytes. Returns False if the request was decided
        before: of two processes that decide it, the first one counts.
        """
        # The attempts to decide it do not count as attempts to answer it.
        values: dict[str, object] = {"state": "decided", "wake_at": at, "tries": 0}
        if vector is not None:
            values["encoder"], values["vector"] = vector[0], pack_vector(vector[1])

        # The state is the lock: only one process finds it undecided.
        undecided = update(request).where(request.c.id == key, request.c.state == "received")
        row = decision_row(key, replace(new, revision=0), at)
        if self._engine.dialect.name == "postgresql":
            # Both in one statement: a transaction of two costs four round trips.
            opened = undecided.values(values).returning(request.c.id).cte("opened")
            del row["request"]
            columns = [opened.c.id, *literals(decision, row)]
            first = insert(decision).from_select(["request", *row], select(*columns))
            with one_statement(self._engine) as connection:
                return bool(connection.execute(first.add_cte(opened)).rowcount)

        with writing(self._engine) as connection:
            if not connection.execute(undecided.values(values)).rowcount:
                return False

            connection.execute(insert(decision).values(row))

        return True

    def revise(
        self,
        key: str,
        new: Decision,
        seen: int,
        at: float,
        *,
        asked_by: str,
        asked_by_team: str = "",
    ) -> Decision | None:
        """Adds the revision after `seen` and opens the request again; returns it as stored.

        `asked_by` is the user who asked for it and whose caps it counts for, `asked_by_team` their
        workspace where it is another one. Returns None if
        somebody else has revised it since.
        """
        revised = replace(new, revision=seen + 1, asked_by=asked_by, asked_by_team=asked_by_team)
        row = self._insert(decision).values(decision_row(key, revised, at))
        known = exists().where(decision.c.request == key, decision.c.revision == seen)
        # Also from `decided`: an answer may be corrected while it is being written.
        reopened = (
            update(request)
            .where(request.c.id == key, request.c.state.in_(("answered", "dead", "decided")), known)
            .values(
                state="decided",
                tries=0,
                lease_until=None,
                wake_at=at,
                done_at=None,
                error=None,
                served_for=SlackPerson("", asked_by, asked_by_team).key_in_team,
            )
        )

        with writing(self._engine) as connection:
            # The request first: where an erasure has deleted it, there is nothing to revise.
            if not connection.execute(reopened).rowcount:
                return None
            # Of two people who correct the same answer, one inserts the row; the other looks again.
            if not connection.execute(row.on_conflict_do_nothing()).rowcount:
                connection.rollback()
                return None

        return revised

    def newest(self, key: str) -> Decision | None:
        """Returns the decision that counts now."""
        query = (
            select(decision)
            .where(decision.c.request == key)
            .order_by(decision.c.revision.desc())
            .limit(1)
        )
        with one_statement(self._engine) as connection:
            row = connection.execute(query).mappings().one_or_none()

        return read_decision(row) if row else None

    def thread_route(self, team: str, channel: str, thread: str, before: str) -> str | None:
        """Returns the route of the last routed request in a thread before the ts `before`."""
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
            # The newest message first, then its newest correction.
            .order_by(request.c.ts.desc(), decision.c.revision.desc())
            .limit(1)
        )
        with one_statement(self._engine) as connection:
            route: str | None = connection.execute(query).scalar()

        return route

    def previous_request(self, later: Request, since: float) -> Request | None:
        """Returns the person's last request before `later` in its channel; None without one.

        `since` (unix seconds) is the earliest that counts.
        """
        query = (
            select(*(request.c[name] for name in Request.__slots__))
            .where(
                request.c.team == later.team,
                request.c.channel == later.channel,
                request.c.user == later.user,
                request.c.ts < later.ts,
                request.c.received_at >= since,
                request.c.state.not_in(GONE),
            )
            .order_by(request.c.ts.desc())
            .limit(1)
        )
        with one_statement(self._engine) as connection:
            row = connection.execute(query).mappings().one_or_none()

        return Request(**row) if row else None

    def progress(self, key: str) -> RequestProgress | None:
        """Returns the decision that counts now, and what became of it; None before there is one."""
        served = and_(
            outcome.c.request == decision.c.request, outcome.c.revision == decision.c.revision
        )
        stopped = and_(stop.c.request == decision.c.request, stop.c.revision == decision.c.revision)
        query = (
            select(decision, *_OUTCOME, stop.c.user.is_not(None).label("is_cancelled"))
            .select_from(decision.outerjoin(outcome, served).outerjoin(stop, stopped))
            .where(decision.c.request == key)
            .order_by(decision.c.revision.desc())
            .limit(1)
        )
        with one_statement(self._engine) as connection:
            row = connection.execute(query).mappings().one_or_none()

        return _read_progress(row) if row else None

    def answers(self, keys: Sequence[str]) -> dict[str, str]:
        """Returns the texts of the newest answers to these requests; those without are missing."""
        newest = (
            select(decision.c.request, func.max(decision.c.revision).label("revision"))
            .where(decision.c.request.in_(keys))
            .group_by(decision.c.request)
            .subquery()
        )
        query = select(outcome.c.request, outcome.c.text).join(
            newest,
            (outcome.c.request == newest.c.request) & (outcome.c.revision == newest.c.revision),
        )
        if not keys:
            return {}

        with one_statement(self._engine) as connection:
            return {row.request: row.text for row in connection.execute(query)}

    def insert_outcome_held(self, lease: Lease, revision: int, new: Outcome, at: float) -> bool:
        """Stores the outcome of a revision while the lease is held; returns whether it was.

        Whoever takes the request meanwhile waits for this statement, or this one finds it taken.
        """
        key = lease.request.id
        row = outcome_row(key, revision, new, at)
        held = (
            select(*literals(outcome, row))
            .select_from(request)
            .where(request.c.id == key, request.c.fence == lease.fence)
            .with_for_update(read=True)
        )
        statement = self._insert(outcome).from_select(list(row), held).on_conflict_do_nothing()
        with one_statement(self._engine) as connection:
            return bool(connection.execute(statement).rowcount)

    def insert_outcome(self, key: str, revision: int, new: Outcome, at: float) -> None:
        """Stores the outcome of a revision; if a step runs twice, the first outcome stays."""
        row = self._insert(outcome).values(outcome_row(key, revision, new, at))
        with one_statement(self._engine) as connection:
            connection.execute(row.on_conflict_do_nothing())

    def is_answered(self, key: str) -> bool:
        """Returns whether the request's newest decision is a route that has answered it."""
        newest = self.newest(key)
        if newest is None or newest.verb != "route":
            return False

        outcome = self.outcome(key, newest.revision)
        return outcome is not None and outcome.error is None

    def outcome(self, key: str, revision: int) -> Outcome | None:
        """Returns what serving that revision gave, None if it was not served yet."""
        query = select(outcome).where(outcome.c.request == key, outcome.c.revision == revision)
        with one_statement(self._engine) as connection:
            row = connection.execute(query).mappings().one_or_none()

        return _read_outcome(row) if row else None


def _read_progress(row: RowMapping) -> RequestProgress:
    served = None
    if row["outcome_request"] is not None:
        served = _read_outcome({column.name: row[f"outcome_{column.name}"] for column in outcome.c})

    return RequestProgress(read_decision(row), served, bool(row["is_cancelled"]))


def decision_row(key: str, stored: Decision, at: float) -> dict[str, object]:
    """Returns the decision table's row; scores and reason become JSON."""
    row = as_row(stored)
    # In their order, which JSON keeps; the sixth digit tells nobody anything.
    row["scores"] = {score.route: round(score.confidence, SCORE_DIGITS) for score in stored.scores}
    row["reason"] = dict(stored.reason)

    return row | {"request": key, "at": at}


def read_decision(row: RowMapping) -> Decision:
    """Returns the decision in a row that holds the decision table's columns."""
    values = {name: row[name] for name in Decision.__slots__}
    values["scores"] = _read_scores(row["scores"])
    return Decision(**values)


def _read_scores(scores: Mapping[str, float] | Sequence[Mapping[str, Any]]) -> tuple[Score, ...]:
    if isinstance(scores, Mapping):
        return tuple(Score(route, confidence) for route, confidence in scores.items())

    # As an older release stored them.
    return tuple(Score(**score) for score in scores)


def outcome_row(key: str, revision: int, stored: Outcome, at: float) -> dict[str, object]:
    """Returns the outcome table's row; citations and tokens become JSON."""
    row = as_row(stored)
    row["tokens"] = {name: count for name, count in asdict(stored.tokens).items() if count}
    row["citations"] = [asdict(citation) for citation in stored.citations]
    row["acls"] = None if stored.acls is None else list(stored.acls)
    row["attempts"] = [asdict(attempt) for attempt in stored.attempts] or None

    return row | {"request": key, "revision": revision, "at": at}


def _read_attempt(stored: Mapping[str, Any]) -> EarlierAttempt:
    return EarlierAttempt(**{**stored, "checks": tuple(stored["checks"])})


def _read_outcome(row: Mapping[Any, Any]) -> Outcome:
    values = {name: row[name] for name in Outcome.__slots__}
    values["tokens"] = Tokens(**row["tokens"])
    values["citations"] = tuple(Citation(**citation) for citation in row["citations"])
    values["acls"] = None if row["acls"] is None else tuple(row["acls"])
    values["attempts"] = tuple(map(_read_attempt, row["attempts"] or ()))

    return Outcome(**values)
