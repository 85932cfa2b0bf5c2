"""Versions trained on text that had to be erased since: to be retrained, or retired."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine, delete, select

from router.store.base.engine import insert_for, one_statement
from router.store.base.knowledge_tables import retrain
from router.store.base.rows import as_row


@dataclass(frozen=True, slots=True)
class PendingRetrain:
    """A workspace's version, why it must not stay as it is, and since when (unix seconds)."""

    team: str
    route: str
    version: str
    why: str
    at: float


class RetrainQueue:
    """The retrain table."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = insert_for(engine)

    def insert(self, team: str, route: str, version: str, why: str, at: float) -> None:
        """Adds the version; a second time keeps the earlier reason and time."""
        row = as_row(PendingRetrain(team, route, version, why, at))
        with one_statement(self._engine) as connection:
            connection.execute(self._insert(retrain).values(row).on_conflict_do_nothing())

    def pending(self, team: str) -> list[PendingRetrain]:
        """Returns the workspace's versions to be retrained or retired, longest waiting first."""
        query = select(retrain).where(retrain.c.team == team)
        query = query.order_by(retrain.c.at, retrain.c.route)
        with one_statement(self._engine) as connection:
            return [PendingRetrain(**row) for row in connection.execute(query).mappings()]

    def remove(self, team: str, route: str, version: str) -> None:
        """Removes the version, once it was retrained or retired."""
        statement = delete(retrain).where(
            retrain.c.team == team, retrain.c.route == route, retrain.c.version == version
        )
        with one_statement(self._engine) as connection:
            connection.execute(statement)
