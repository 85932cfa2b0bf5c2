"""Versions that learned from words which had to be forgotten: to be trained again, or retired."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine, delete, select

from router.store.base.engine import insert_for, reading, writing
from router.store.base.knowledge_tables import retrain


@dataclass(frozen=True, slots=True)
class Due:
    """A version and why it must not stay as it is. `at` is since when."""

    route: str
    version: str
    why: str
    at: float


class Retrain:
    """The retrain table."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = insert_for(engine)

    def mark(self, route: str, version: str, why: str, at: float) -> None:
        """The version is due; marking it twice keeps the earlier time."""
        row = {"route": route, "version": version, "why": why, "at": at}
        with writing(self._engine) as connection:
            connection.execute(self._insert(retrain).values(row).on_conflict_do_nothing())

    def due(self) -> list[Due]:
        """Every version that waits to be trained again or retired, longest first."""
        query = select(retrain).order_by(retrain.c.at, retrain.c.route)
        with reading(self._engine) as connection:
            return [Due(**row) for row in connection.execute(query).mappings()]

    def done(self, route: str, version: str) -> None:
        """The version was trained again or retired."""
        with writing(self._engine) as connection:
            connection.execute(
                delete(retrain).where(retrain.c.route == route, retrain.c.version == version)
            )
