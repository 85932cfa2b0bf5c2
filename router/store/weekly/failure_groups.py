"""Groups of failed requests with their diagnosis, and what admins did about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import Engine, RowMapping, delete, select, update

from router.store.base.engine import insert_for, one_statement
from router.store.base.rows import as_row
from router.store.weekly.failure_tables import failure_group

Cause = Literal["router", "prompt", "retrieval", "model", "training"]


@dataclass(frozen=True, slots=True)
class FailureGroup:
    """Requests of one kind that failed in a week, and why.

    Attributes:
        week: The ISO week in which it was last seen; `first_week` the first one.
        cause: Where the evidence points.
        detail: More of it: `reason` (a name), `to` (the right route), `rule`, `models`.
        route: The route that most of them got, empty for none.
        requests: Ids of those that failed, the newest first.
        people: How many people they are of.
        failed: How many failed in the week, `total` of how many like them.
        trend: (failed, total) of the last weeks, the oldest first.
        centroid: The mean of their vectors as float32 bytes, made with `encoder`.
        remedy: What an admin did about it (`remedied_by`, `remedied_at`); empty for nothing yet.
    """

    id: str
    team: str
    week: str
    first_week: str
    cause: Cause
    route: str
    requests: Sequence[str]
    people: int
    failed: int
    total: int
    encoder: str
    centroid: bytes = field(repr=False)
    at: float
    detail: Mapping[str, Any] = field(default_factory=dict)
    trend: Sequence[Sequence[int]] = ()
    remedy: str = ""
    remedied_by: str = ""
    remedied_at: float = 0.0

    @property
    def share(self) -> float:
        """The share (0-1) of requests like these that failed."""
        return self.failed / self.total if self.total else 0.0


class FailureGroups:
    """The failure_group table."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = insert_for(engine)

    def upsert(self, new: FailureGroup) -> None:
        """Stores the group; of one that is known the first week and the remedy stay."""
        row = as_row(new)
        row |= {
            "detail": dict(new.detail),
            "requests": list(new.requests),
            "trend": [list(week) for week in new.trend],
        }
        kept = ("id", "team", "first_week", "remedy", "remedied_by", "remedied_at")
        changes = {name: value for name, value in row.items() if name not in kept}
        statement = self._insert(failure_group).values(row)
        with one_statement(self._engine) as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=changes))

    def get(self, team: str, key: str) -> FailureGroup | None:
        """Returns the workspace's group of that id."""
        query = select(failure_group).where(failure_group.c.team == team, failure_group.c.id == key)
        with one_statement(self._engine) as connection:
            row = connection.execute(query).mappings().one_or_none()

        return _read(row) if row else None

    def since(self, team: str, at: float) -> list[FailureGroup]:
        """Returns the groups that were seen, or that somebody did something about, since then.

        `at` is in unix seconds. The newest come first.
        """
        query = (
            select(failure_group)
            .where(
                failure_group.c.team == team,
                (failure_group.c.at >= at) | (failure_group.c.remedied_at >= at),
            )
            .order_by(failure_group.c.at.desc(), failure_group.c.id)
        )
        with one_statement(self._engine) as connection:
            return [_read(row) for row in connection.execute(query).mappings()]

    def set_remedy(self, team: str, key: str, remedy: str, user: str, at: float) -> bool:
        """Stores what an admin did about the group; False where somebody did so before."""
        statement = (
            update(failure_group)
            .where(
                failure_group.c.team == team,
                failure_group.c.id == key,
                failure_group.c.remedied_at == 0.0,
            )
            .values(remedy=remedy, remedied_by=user, remedied_at=at)
        )
        with one_statement(self._engine) as connection:
            return connection.execute(statement).rowcount == 1

    def delete_old(self, before: float) -> int:
        """Deletes groups that were last seen before then (unix seconds); returns how many."""
        old = (failure_group.c.at < before, failure_group.c.remedied_at < before)
        with one_statement(self._engine) as connection:
            return int(connection.execute(delete(failure_group).where(*old)).rowcount)


def _read(row: RowMapping) -> FailureGroup:
    return FailureGroup(**row)
