"""Daily spending by user, channel and workspace, with caps that hold across workers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Float,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Row,
    Table,
    Text,
    func,
    or_,
    select,
    tuple_,
)

from router.store.base.engine import insert_for, one_statement, reading, writing
from router.store.base.tables import metadata

Scope: TypeAlias = tuple[Literal["user", "channel", "team", "general"], str]
"""A kind of spender and its key: a team's id, or `team/user` and `team/channel`.

`general` is a workspace's general answers, which count for the other scopes as well."""

ROUNDING_USD = 1e-9
"""Sums of many small floats end a hair above a round cap."""

DAY_SECONDS = 86_400

NEARLY_FULL = 0.99
"""Share of a cap in USD that counts as used up: a call that would pass the cap is refused, so a cap
is rarely used to the cent."""

spend = Table(
    "spend",
    metadata,
    Column("scope", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("day", Integer, nullable=False),
    Column("requests", Integer, nullable=False),
    Column("usd", Float, nullable=False),
    PrimaryKeyConstraint("scope", "key", "day"),
    Index("ix_spend_day", "day", "scope", "key"),
)


@dataclass(frozen=True, slots=True)
class Cap:
    """The most that a scope may use in a UTC day; 0 means no cap."""

    scope: Scope
    requests: int = 0
    usd: float = 0.0


@dataclass(frozen=True, slots=True)
class ScopeUsage:
    """What a scope has used in a day."""

    requests: int = 0
    usd: float = 0.0


@dataclass(frozen=True, slots=True)
class DailyUsage:
    """What a workspace has used in a day.

    `people_over` and `channels_over` count those that have used up their cap. `resets_at` is in
    unix seconds.
    """

    team: ScopeUsage
    people_over: int
    channels_over: int
    resets_at: float


class SpendLedger:
    """The spend table. Days are counted from 1970-01-01 UTC."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = insert_for(engine)

    def reserve(self, caps: Sequence[Cap], day: int, requests: int, usd: float) -> Cap | None:
        """Adds the amounts to every scope and returns None.

        If that passes a cap, adds nothing and returns the cap.
        """
        amount = ScopeUsage(requests, usd)
        with writing(self._engine) as connection:
            # Rows are locked by being written, always in the same order, before they are read: two
            # workers that reserve at once cannot both see room for their own amount only.
            used = self._add(connection, [cap.scope for cap in caps], day, amount)
            passed = _passed_cap(caps, used)
            if passed is not None:
                connection.rollback()

        return passed

    def settle(self, scopes: Sequence[Scope], day: int, usd: float) -> None:
        """Adds what was spent beyond the reservation to every scope; negative if less was spent."""
        with one_statement(self._engine) as connection:
            self._add(connection, scopes, day, ScopeUsage(0, usd))

    def used_up(self, caps: Sequence[Cap], day: int) -> Cap | None:
        """Returns the first cap that leaves no room for a further request, None if each has some.

        It reserves nothing, so a call may still be refused.
        """
        with one_statement(self._engine) as connection:
            usage = _usage(connection, [cap.scope for cap in caps], day)

        for cap in caps:
            used = usage.get(cap.scope, ScopeUsage())
            if cap.requests and used.requests >= cap.requests:
                return cap
            if cap.usd and used.usd >= cap.usd * NEARLY_FULL:
                return cap

        return None

    def usage(self, scope: Scope, day: int) -> ScopeUsage:
        """Returns what a scope has used on a day."""
        with one_statement(self._engine) as connection:
            return _usage(connection, [scope], day).get(scope, ScopeUsage())

    def daily_usage(
        self, team: str, now: float, person: Cap | None = None, channel: Cap | None = None
    ) -> DailyUsage:
        """Returns the figures of the UTC day of `now` (unix seconds).

        `person` and `channel` carry the caps of each person and each channel; their scopes do not
        matter. Without a cap nobody is over it.
        """
        day = int(now // DAY_SECONDS)
        with reading(self._engine) as connection:
            scope: Scope = ("team", team)
            spent = _usage(connection, [scope], day).get(scope, ScopeUsage())
            people_over = _count_over(connection, "user", team, day, person)
            channels_over = _count_over(connection, "channel", team, day, channel)

        return DailyUsage(spent, people_over, channels_over, (day + 1) * DAY_SECONDS)

    def _add(
        self, connection: Connection, scopes: Sequence[Scope], day: int, amount: ScopeUsage
    ) -> Mapping[Scope, ScopeUsage]:
        """Adds the amount to every scope, in one statement; returns what each has used then."""
        rows = [
            {
                "scope": kind,
                "key": key,
                "day": day,
                "requests": amount.requests,
                "usd": amount.usd,
            }
            for kind, key in sorted(set(scopes))
        ]
        statement = self._insert(spend).values(rows)
        new = statement.excluded
        sums = {"requests": spend.c.requests + new.requests, "usd": spend.c.usd + new.usd}
        added = statement.on_conflict_do_update(
            index_elements=["scope", "key", "day"], set_=sums
        ).returning(spend)
        return _by_scope(connection.execute(added))


def spent_since(connection: Connection, team: str, start: float) -> float:
    """Returns what models cost a workspace from the UTC day of `start` (unix seconds) on, in USD.

    All of it: answers, attempts that failed, tests, naming and trials.
    """
    query = select(func.coalesce(func.sum(spend.c.usd), 0.0)).where(
        spend.c.scope == "team", spend.c.key == team, spend.c.day >= int(start // DAY_SECONDS)
    )
    return float(connection.execute(query).scalar_one())


def _passed_cap(caps: Sequence[Cap], usage: Mapping[Scope, ScopeUsage]) -> Cap | None:
    """Returns the first cap that is passed by what is counted."""
    # The caller orders the caps: the first one passed is named to the user.
    for cap in caps:
        used = usage[cap.scope]
        if cap.requests and used.requests > cap.requests:
            return cap
        if cap.usd and used.usd > cap.usd + ROUNDING_USD:
            return cap

    return None


def _usage(connection: Connection, scopes: Sequence[Scope], day: int) -> Mapping[Scope, ScopeUsage]:
    """Returns what each of the scopes has used on the day; those without a row are missing."""
    theirs = tuple_(spend.c.scope, spend.c.key).in_(list(scopes))
    return _by_scope(connection.execute(select(spend).where(theirs, spend.c.day == day)))


def _by_scope(rows: Iterable[Row[Any]]) -> Mapping[Scope, ScopeUsage]:
    return {(row.scope, row.key): ScopeUsage(row.requests, row.usd) for row in rows}


def _count_over(connection: Connection, kind: str, team: str, day: int, cap: Cap | None) -> int:
    """Returns how many of the team's scopes of this kind have used up the cap."""
    used_up = []
    if cap is not None and cap.requests:
        used_up.append(spend.c.requests >= cap.requests)
    if cap is not None and cap.usd:
        used_up.append(spend.c.usd >= cap.usd * NEARLY_FULL)
    if not used_up:
        return 0

    query = (
        select(func.count())
        .select_from(spend)
        .where(
            spend.c.scope == kind,
            spend.c.key.startswith(f"{team}/", autoescape=True),
            spend.c.day == day,
            or_(*used_up),
        )
    )
    count: int = connection.execute(query).scalar_one()
    return count
