"""What was spent by whom on which day, counted so that two workers cannot pass a cap together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Float,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    func,
    or_,
    select,
)

from router.store.base.engine import insert_for, reading, writing
from router.store.base.tables import metadata

Scope: TypeAlias = tuple[Literal["user", "channel", "team"], str]
# Sums of many small floats end a hair above a round cap.
ROUNDING_USD = 1e-9
DAY_SECONDS = 86_400
NEARLY = 0.99
"""A call that would pass a cap is refused before it, so a used-up cap is rarely full to the
cent."""

spend = Table(
    "spend",
    metadata,
    Column("scope", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("day", Integer, nullable=False),
    Column("requests", Integer, nullable=False),
    Column("usd", Float, nullable=False),
    PrimaryKeyConstraint("scope", "key", "day"),
)


@dataclass(frozen=True, slots=True)
class Cap:
    """The most that a scope may use in a day; 0 is no cap."""

    scope: Scope
    requests: int = 0
    usd: float = 0.0


@dataclass(frozen=True, slots=True)
class Spent:
    """What a scope has used."""

    requests: int = 0
    usd: float = 0.0


@dataclass(frozen=True, slots=True)
class Today:
    """What a workspace has used of its caps on a day, and how many people and channels have used theirs up."""

    team: Spent
    people_over: int
    channels_over: int
    resets_at: float


class Spend:
    """The spend table. Days are counted from 1970-01-01 UTC."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert: Any = insert_for(engine)

    def reserve(self, caps: Sequence[Cap], day: int, requests: int, usd: float) -> Cap | None:
        """None, and the amounts count from now on in every scope; or the cap they would pass, and nothing changed."""
        more = Spent(requests, usd)
        # Who is over already is told so without waiting for the write lock.
        with reading(self._engine) as connection:
            passed = self._passed(connection, caps, day, more)

        if passed is not None:
            return passed

        with writing(self._engine) as connection:
            # The rows are written, and with that locked, in one order before it counts what they
            # say.
            for cap in sorted(caps, key=lambda one: one.scope):
                self._add(connection, cap.scope, day, more)

            passed = self._passed(connection, caps, day, Spent())
            if passed is not None:
                connection.rollback()

        return passed

    def _passed(
        self, connection: Connection, caps: Sequence[Cap], day: int, more: Spent
    ) -> Cap | None:
        """The first cap that is passed when `more` comes to what is counted already."""
        for cap in caps:
            now = self._of(connection, cap.scope, day)
            if cap.requests and now.requests + more.requests > cap.requests:
                return cap
            if cap.usd and now.usd + more.usd > cap.usd + ROUNDING_USD:
                return cap

        return None

    def settle(self, scopes: Sequence[Scope], day: int, usd: float) -> None:
        """`usd` more was spent in every scope than had been reserved; negative when it was less."""
        with writing(self._engine) as connection:
            for scope in sorted(scopes):
                self._add(connection, scope, day, Spent(0, usd))

    def of(self, scope: Scope, day: int) -> Spent:
        """What a scope has used on a day."""
        with reading(self._engine) as connection:
            return self._of(connection, scope, day)

    def today(
        self, team: str, now: float, person: Cap | None = None, channel: Cap | None = None
    ) -> Today:
        """The figures of the UTC day that `now` (unix seconds) lies in; a scope without a cap is not counted.

        `person` and `channel` carry the caps that hold for each person and each channel; their
        scopes do not matter.
        """
        day = int(now // DAY_SECONDS)
        with reading(self._engine) as connection:
            spent = self._of(connection, ("team", team), day)
            over = [
                self._over(connection, kind, team, day, cap)
                for kind, cap in (("user", person), ("channel", channel))
            ]

        return Today(spent, over[0], over[1], (day + 1) * DAY_SECONDS)

    def _over(self, connection: Connection, kind: str, team: str, day: int, cap: Cap | None) -> int:
        """How many scopes of this kind have used up their cap, but for the last hundredth of the money."""
        full = []
        if cap is not None and cap.requests:
            full.append(spend.c.requests >= cap.requests)
        if cap is not None and cap.usd:
            full.append(spend.c.usd >= cap.usd * NEARLY)
        if not full:
            return 0

        mine = (
            spend.c.scope == kind,
            spend.c.key.startswith(f"{team}/", autoescape=True),
            spend.c.day == day,
        )

        found: int = connection.execute(
            select(func.count()).select_from(spend).where(*mine, or_(*full))
        ).scalar_one()
        return found

    def _of(self, connection: Connection, scope: Scope, day: int) -> Spent:
        mine = (spend.c.scope == scope[0], spend.c.key == scope[1], spend.c.day == day)
        row = connection.execute(select(spend.c.requests, spend.c.usd).where(*mine)).one_or_none()
        return Spent(row.requests, row.usd) if row else Spent()

    def _add(self, connection: Connection, scope: Scope, day: int, more: Spent) -> None:
        values = {
            "scope": scope[0],
            "key": scope[1],
            "day": day,
            "requests": more.requests,
            "usd": more.usd,
        }

        grown = {"requests": spend.c.requests + more.requests, "usd": spend.c.usd + more.usd}
        statement = self._insert(spend).values(values)
        connection.execute(
            statement.on_conflict_do_update(index_elements=["scope", "key", "day"], set_=grown)
        )
