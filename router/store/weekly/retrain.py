"""Versions trained on text that had to be erased since: to be retrained, or retired."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine, delete, select

from router.store.base.engine import insert_for, reading, writing
from router.store.base.knowledge_tables import retrain


@dataclass(frozen=True, slots=True)
class PendingRetrain:
    """A version, why it must not stay as it is, and since when (unix seconds)."""

    route: str
    version: str
    why: str
    at: float


class RetrainQueue:
    """The retrain table."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = insert_for(engine)

    def insert(self, route: str, version: str, why: str, at: float) -> None:
        """Adds the version; a second time keeps the earlier reason and time."""
        row = {"route": route, "version": version, "why": why, "at": at}
        with writing(self._engine) as connection:
            connection.execute(self._insert(retrain).values(row).on_conflict_do_nothing())

    def pending(self) -> list[PendingRetrain]:
        """Returns every version that has to be retrained or retired, longest waiting first."""
        query = select(retrain).order_by(retrain.c.at, retrain.c.route)
        with reading(self._engine) as connection:
            return [PendingRetrain(**row) for row in connection.execute(query).mappings()]

    def remove(self, route: str, version: str) -> None:
        """Removes the version, once it was retrained or retired."""
        statement = delete(retrain).where(retrain.c.route == route, retrain.c.version == version)
        with writing(self._engine) as connection:
            connection.execute(statement)
