"""Chooses the request whose turn it is, and remembers who had a turn when.

Everything here runs inside a write transaction of the caller's, so two workers never choose at
once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    CTE,
    Column,
    Connection,
    Float,
    Index,
    Integer,
    PrimaryKeyConstraint,
    RowMapping,
    Select,
    Table,
    Text,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
    tuple_,
    update,
)

from router.fairness import Contender, turn_order
from router.store.base.tables import metadata, request
from router.store.requests.conditions import is_free, waits_for_thread

BATCH = 20
"""Requests of a person that are looked at together; nearly always the first one can be served."""
WORKSPACE = ""
"""The user in the row that says when a workspace had its last turn."""

turn = Table(
    "turn",
    metadata,
    Column("team", Text, nullable=False),
    Column("user", Text, nullable=False),
    # Grows with every turn of anybody; a time would be equal for two turns of one moment.
    Column("number", Integer, nullable=False),
    PrimaryKeyConstraint("team", "user"),
    Index("ix_turn_number", "number"),
)


def request_in_turn(
    connection: Connection, now: float, until: float, max_busy: int | None
) -> tuple[str, Contender] | None:
    """Returns the id of the request to serve next and for whom; None if none may be served.

    A request that waits for an earlier one of its thread is set aside until `until`, so that it is
    not looked at each time; the earlier one's end brings it back at once.
    """
    for person in _people_in_turn(connection, now, max_busy):
        key = _oldest_free(connection, person, now, until)
        if key is not None:
            return key, person

    return None


def record_turn(connection: Connection, insert: Callable[..., Any], person: Contender) -> None:
    """Records that the person and their workspace have had a turn now."""
    newest = connection.execute(select(func.max(turn.c.number))).scalar() or 0

    for name in (WORKSPACE, person.user):
        values = {"team": person.team, "user": name, "number": newest + 1}
        statement = insert(turn).values(values)
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["team", "user"], set_={"number": newest + 1}
            )
        )


def _people_in_turn(connection: Connection, now: float, max_busy: int | None) -> list[Contender]:
    busy = _busy_counts(connection, now)
    contenders = []
    for row in connection.execute(_people_query(), {"now": now}):
        count = busy[row.team, row.user]
        contenders.append(Contender(row.team, row.user, int(row.waits), count, row.number))

    teams = {contender.team for contender in contenders}
    workspaces = select(turn.c.team, turn.c.number).where(
        turn.c.user == WORKSPACE, turn.c.team.in_(teams)
    )
    served_at: dict[str, float] = {}
    for row in connection.execute(workspaces):
        served_at[row.team] = row.number

    return turn_order(contenders, served_at, max_busy)


@cache
def _people_query() -> Select[tuple[str, str, bool, int]]:
    """Returns the query of everybody who has an open request, at the parameter `now`.

    Built once: that takes longer than running it.
    """
    people = _people_with_open_requests()
    same = and_(turn.c.team == people.c.team, turn.c.user == people.c.user)
    moment = bindparam("now", type_=Float)
    waits = exists().where(
        request.c.state == "decided",
        request.c.team == people.c.team,
        request.c.served_for == people.c.user,
        or_(request.c.lease_until.is_(None), request.c.lease_until <= moment),
    )
    number = func.coalesce(turn.c.number, 0)
    query = select(people.c.team, people.c.user, waits.label("waits"), number.label("number"))

    return query.select_from(people.outerjoin(turn, same))


def _people_with_open_requests() -> CTE:
    """Returns a table of the people (`team`, `user`) who have an open request.

    It jumps in the index from one person to the next ("loose index scan"), so that a person's
    thousands of requests are not read for every turn.
    """
    first = (
        select(request.c.team, request.c.served_for.label("user"))
        .where(request.c.state == "decided")
        .order_by(request.c.team, request.c.served_for)
        .limit(1)
        .subquery()
    )
    people = select(first.c.team, first.c.user).cte("people", recursive=True)

    later, following = request.alias("later"), request.alias("following")
    position = tuple_(later.c.team, later.c.served_for)
    key = (
        select(later.c.id)
        .where(later.c.state == "decided", position > tuple_(people.c.team, people.c.user))
        .order_by(later.c.team, later.c.served_for)
        .limit(1)
        .correlate(people)
        .scalar_subquery()
    )
    return people.union_all(
        select(following.c.team, following.c.served_for).select_from(
            people.join(following, following.c.id == key)
        )
    )


def _busy_counts(connection: Connection, now: float) -> Counter[tuple[str, str]]:
    """Returns how many requests are being served, by workspace and person."""
    # Counted and filtered here: grouped by the database, SQLite would read an index of all
    # requests in place of the small one of those that have an owner.
    query = select(request.c.state, request.c.team, request.c.served_for).where(
        request.c.owner.is_not(None), request.c.lease_until > now
    )
    counts: Counter[tuple[str, str]] = Counter()
    for row in connection.execute(query).mappings():
        if row["state"] == "decided":
            counts[row["team"], row["served_for"]] += 1

    return counts


def _oldest_free(connection: Connection, person: Contender, now: float, until: float) -> str | None:
    """Returns the person's oldest request that may be served; sets aside those that may not yet."""
    query = (
        select(
            request.c.id,
            request.c.team,
            request.c.channel,
            request.c.thread,
            request.c.ts,
            waits_for_thread().label("blocked"),
        )
        .where(
            request.c.state == "decided",
            request.c.team == person.team,
            request.c.served_for == person.user,
            is_free(now),
        )
        .order_by(request.c.received_at)
        .limit(BATCH)
    )

    while True:
        rows: Sequence[RowMapping] = connection.execute(query).mappings().all()
        if not rows:
            return None

        for row in rows:
            if not row["blocked"]:
                key: str = row["id"]
                return key

            _set_aside(connection, row, now, until)


def _set_aside(connection: Connection, row: RowMapping, now: float, until: float) -> None:
    """Makes a request of a thread, and those after it, wait until then or for the one before."""
    later = and_(
        request.c.team == row["team"],
        request.c.channel == row["channel"],
        request.c.thread == row["thread"],
        request.c.ts >= row["ts"],
        request.c.state == "decided",
        is_free(now),
    )
    values = {"owner": None, "lease_until": until, "wake_at": until}
    connection.execute(update(request).where(later).values(values))
