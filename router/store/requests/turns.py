"""Chooses the request whose turn it is, and remembers who had a turn when.

Workers choose side by side: whose turn it is, each reads for itself; then it locks one person, and
only that person's requests are chosen by nobody else meanwhile.
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
    Engine,
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
    case,
    exists,
    func,
    or_,
    select,
    text,
    tuple_,
    update,
)

from router.fairness import Contender, turn_order
from router.store.base.engine import one_statement, take
from router.store.base.locks import Lock, lock_key
from router.store.base.tables import metadata, request
from router.store.requests.conditions import OPEN, is_free, waits_for_thread

BATCH = 20
"""Requests of a person that are looked at together; nearly always the first one can be served."""
MAX_TRIED = 64
"""People that a worker tries to lock, in the order of their turns, before it waits for one."""
TRY_LOCKS = text(
    "SELECT place FROM unnest(CAST(:keys AS bigint[])) WITH ORDINALITY AS person(key, place)"
    " WHERE pg_try_advisory_xact_lock(key) LIMIT 1"
)
"""The place of the first lock that was free, which is held until the transaction ends."""
WORKSPACE = ""
"""The user in the row that says when a workspace had its last turn."""

turn = Table(
    "turn",
    metadata,
    Column("team", Text, nullable=False),
    # As `SlackPerson.key_in_team`: an equal id of another workspace is somebody else.
    Column("user", Text, nullable=False),
    # Grows with every turn of anybody; a time would be equal for two turns of one moment.
    Column("number", Integer, nullable=False),
    PrimaryKeyConstraint("team", "user"),
    Index("ix_turn_number", "number"),
)


def people_in_turn(engine: Engine, now: float, max_busy: int | None) -> list[Contender]:
    """Returns the people who may be served now, the one whose turn it is first.

    It may be out of date when it is used: `request_of` checks again.
    """
    with one_statement(engine) as connection:
        people = connection.execute(_people_query(), {"now": now}).all()

    if not any(row.waits for row in people):
        return []

    busy = _busy_counts(engine, now)
    contenders = []
    served_at: dict[str, float] = {}
    for row in people:
        count = busy[row.team, row.user]
        contenders.append(Contender(row.team, row.user, int(row.waits), count, row.number))
        served_at[row.team] = row.team_number

    return turn_order(contenders, served_at, max_busy)


def lock_next(connection: Connection, people: Sequence[Contender]) -> Contender:
    """Returns the first of the people for whom no other worker is choosing, and keeps others off.

    Where somebody chooses for each of them, it waits for the first one.
    """
    if connection.dialect.name != "postgresql":
        return people[0]

    keys = [lock_key(_person_lock(person)) for person in people[:MAX_TRIED]]
    place: int | None = connection.execute(TRY_LOCKS, {"keys": keys}).scalar()
    if place is not None:
        return people[place - 1]

    take(connection, _person_lock(people[0]))
    return people[0]


def request_of(
    connection: Connection, person: Contender, now: float, until: float, max_busy: int | None
) -> tuple[str, int] | None:
    """Returns the person's oldest request that may be served, and how many of theirs are in work.

    None if there is none, or if so many are in work as may be. The caller has the person's lock.

    A request that waits for an earlier one of its thread is set aside until `until`, so that it is
    not looked at each time; the earlier one's end brings it back at once.
    """
    query = _oldest_query()
    values = {"team": person.team, "user": person.user, "now": now}

    while True:
        rows: Sequence[RowMapping] = connection.execute(query, values).mappings().all()
        if not rows or (max_busy is not None and rows[0]["busy"] >= max_busy):
            return None

        for row in rows:
            if not row["blocked"] or not _set_aside(connection, row, now, until):
                return row["id"], row["busy"]


def record_turn(connection: Connection, insert: Callable[..., Any], person: Contender) -> None:
    """Records that the person and their workspace have had a turn now."""
    # Two turns of one moment may get the same number; then the names decide.
    newest = select(func.coalesce(func.max(turn.c.number), 0) + 1).scalar_subquery()
    # The workspace first: whoever holds its row needs no other one.
    rows = [
        {"team": person.team, "user": name, "number": newest} for name in (WORKSPACE, person.user)
    ]
    statement = insert(turn).values(rows)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["team", "user"], set_={"number": statement.excluded.number}
        )
    )


def _person_lock(person: Contender) -> Lock:
    return ("person", person.team, person.user)


@cache
def _people_query() -> Select[Any]:
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
    workspace = turn.alias("workspace")
    of_team = and_(workspace.c.team == people.c.team, workspace.c.user == WORKSPACE)
    query = select(
        people.c.team,
        people.c.user,
        waits.label("waits"),
        func.coalesce(turn.c.number, 0).label("number"),
        func.coalesce(workspace.c.number, 0).label("team_number"),
    )

    return query.select_from(people.outerjoin(turn, same).outerjoin(workspace, of_team))


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


def _busy_counts(engine: Engine, now: float) -> Counter[tuple[str, str]]:
    """Returns how many requests are being served, by workspace and person."""
    # Counted and filtered here: grouped by the database, SQLite would read an index of all
    # requests in place of the small one of those that have an owner.
    query = select(request.c.state, request.c.team, request.c.served_for).where(
        request.c.owner.is_not(None), request.c.lease_until > now
    )
    counts: Counter[tuple[str, str]] = Counter()
    with one_statement(engine) as connection:
        for row in connection.execute(query).mappings():
            if row["state"] == "decided":
                counts[row["team"], row["served_for"]] += 1

    return counts


@cache
def _oldest_query() -> Select[Any]:
    """Returns the query of a person's oldest free requests, with how many are in work.

    Its parameters are `team`, `user` and `now`. Built once: that takes longer than running it.
    """
    team, user = bindparam("team", type_=Text), bindparam("user", type_=Text)
    moment = bindparam("now", type_=Float)
    held = request.alias("held")
    theirs = and_(held.c.team == team, held.c.served_for == user, held.c.state == "decided")
    busy = (
        # All that are in work are read, by their own small index, and theirs are counted.
        select(func.count(case((theirs, 1))))
        .where(held.c.owner.is_not(None), held.c.lease_until > moment)
        .scalar_subquery()
    )
    return (
        select(
            request.c.id,
            request.c.team,
            request.c.channel,
            request.c.thread,
            request.c.ts,
            waits_for_thread().label("blocked"),
            busy.label("busy"),
        )
        .where(
            request.c.state == "decided",
            request.c.team == team,
            request.c.served_for == user,
            or_(request.c.lease_until.is_(None), request.c.lease_until <= moment),
        )
        .order_by(request.c.received_at)
        .limit(BATCH)
    )


def _set_aside(connection: Connection, row: RowMapping, now: float, until: float) -> bool:
    """Makes a request of a thread, and those after it, wait until then or for the one before.

    Returns False if the one before has ended meanwhile.
    """
    thread = (
        request.c.team == row["team"],
        request.c.channel == row["channel"],
        request.c.thread == row["thread"],
    )
    # Locked: whoever ends it now waits for us, and brings back what we set aside.
    before = select(request.c.id).where(
        *thread, request.c.ts < row["ts"], request.c.state.in_(OPEN)
    )
    if connection.execute(before.limit(1).with_for_update(read=True)).first() is None:
        return False

    later = and_(*thread, request.c.ts >= row["ts"], request.c.state == "decided", is_free(now))
    values = {"owner": None, "lease_until": until, "wake_at": until}
    connection.execute(update(request).where(later).values(values))
    return True
