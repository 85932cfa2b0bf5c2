"""Route versions: immutable bodies, and the state that only the store decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, select, update
from sqlalchemy.dialects import postgresql, sqlite

from router.store.engine import reading, writing
from router.store.tables import route_version
from router.types import Kind, VersionState


@dataclass(frozen=True, slots=True)
class Stored:
    """A version as the store knows it; `body` is what the catalogue made of the file.

    `share` (0-1) is how many of the people a version in state canary answers.
    """

    route: str
    id: str
    kind: Kind
    state: VersionState
    body: Mapping[str, Any]
    at: float
    share: float = 0.0


class Versions:
    """The route_version table."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = (postgresql if engine.dialect.name == "postgresql" else sqlite).insert

    def insert(self, new: Stored) -> bool:
        """The version is known; False when it was before, and then nothing changes, not even its state."""
        row = {name: getattr(new, name) for name in Stored.__slots__}
        with writing(self._engine) as connection:
            return connection.execute(self._insert(route_version).values(row).on_conflict_do_nothing()).rowcount == 1

    def get(self, route: str, version: str) -> Stored | None:
        """That version of that route."""
        return self._one(route_version.c.route == route, route_version.c.id == version)

    def live(self, route: str) -> Stored | None:
        """The version that answers now."""
        return self._one(route_version.c.route == route, route_version.c.state == "live")

    def of(self, route: str) -> list[Stored]:
        """All versions of a route, newest first."""
        query = select(route_version).where(route_version.c.route == route).order_by(route_version.c.at.desc())
        with reading(self._engine) as connection:
            return [Stored(**row) for row in connection.execute(query).mappings()]

    def go_live(self, route: str, version: str) -> None:
        """That version answers and the one that did is retired, in one step: there is never none and never two."""
        mine = update(route_version).where(route_version.c.route == route)
        with writing(self._engine) as connection:
            connection.execute(mine.where(route_version.c.state == "live").values(state="retired"))
            connection.execute(mine.where(route_version.c.id == version).values(state="live"))

    def _one(self, *where: Any) -> Stored | None:
        with reading(self._engine) as connection:
            row = connection.execute(select(route_version).where(*where)).mappings().first()
        return Stored(**row) if row else None
