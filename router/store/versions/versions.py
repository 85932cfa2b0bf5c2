"""Route versions: immutable bodies, and the state that only the store decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, select

from router.rollout import let_in
from router.store.base.engine import insert_for, reading, writing
from router.store.base.tables import route_version
from router.store.versions import transitions as placing
from router.types import Kind, VersionState


@dataclass(frozen=True, slots=True)
class Stored:
    """A version as the store knows it; `body` is what the catalogue made of the file.

    `share` (0-1) is how many of the people a version in canary answers; in shadow, above 0 when it
    is tried beside the live one.
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
        self._insert = insert_for(engine)

    def insert(self, new: Stored) -> bool:
        """The version is known; False when it was before, and then nothing changes, not even its state."""
        row = {name: getattr(new, name) for name in Stored.__slots__}
        with writing(self._engine) as connection:
            return (
                connection.execute(
                    self._insert(route_version).values(row).on_conflict_do_nothing()
                ).rowcount
                == 1
            )

    def get(self, route: str, version: str) -> Stored | None:
        """That version of that route."""
        return self._one(route_version.c.route == route, route_version.c.id == version)

    def live(self, route: str) -> Stored | None:
        """The version that answers now."""
        return self._one(route_version.c.route == route, route_version.c.state == "live")

    def lives(self) -> list[Stored]:
        """The version that answers now, of each route."""
        query = (
            select(route_version)
            .where(route_version.c.state == "live")
            .order_by(route_version.c.route)
        )
        with reading(self._engine) as connection:
            return [Stored(**row) for row in connection.execute(query).mappings()]

    def of(self, route: str) -> list[Stored]:
        """All versions of a route, newest first."""
        query = (
            select(route_version)
            .where(route_version.c.route == route)
            .order_by(route_version.c.at.desc())
        )
        with reading(self._engine) as connection:
            return [Stored(**row) for row in connection.execute(query).mappings()]

    def go_live(self, route: str, version: str, share: float = 0.0) -> None:
        """That version answers and the one that did is retired, in one step: there is never none and never two.

        A `share` of 1 says that it was let in step by step: then the route's file does not take its
        place back.
        """
        with writing(self._engine) as connection:
            placing.go_live(connection, route, version, share)

    def answering(self, route: str, person: str) -> Stored | None:
        """The version that answers this person now: the one in canary if it was let in that far, else the live one."""
        query = select(route_version).where(
            route_version.c.route == route, route_version.c.state.in_(("live", "canary"))
        )
        with reading(self._engine) as connection:
            found = {row["state"]: Stored(**row) for row in connection.execute(query).mappings()}

        canary = found.get("canary")
        return (
            canary
            if canary is not None and let_in(route, person, canary.share)
            else found.get("live")
        )

    def tried(self, route: str) -> Stored | None:
        """The version in shadow that is tried beside the live one; one that waits to be judged is not."""
        mine = (
            route_version.c.route == route,
            route_version.c.state == "shadow",
            route_version.c.share > 0,
        )
        return self._one(*mine)

    def try_beside(self, route: str, version: str) -> None:
        """That version is in shadow and runs beside the live one; any other that did is set aside."""
        self._place(route, version, "shadow", 1.0)

    def let_in(self, route: str, version: str, share: float) -> None:
        """That version answers `share` (0-1) of the people, and no other one is in canary."""
        self._place(route, version, "canary", share)

    def withdraw(self, route: str, version: str) -> str | None:
        """That version answers nobody from the next request on; returns the one that answers in its place.

        Where it was live, the version that was live before it is so again, in one step; without one
        it stays, because somebody has to answer. Doing it twice is fine.
        """
        with writing(self._engine) as connection:
            placing.withdraw(connection, route, version)

        live = self.live(route)
        return live.id if live else None

    def _place(self, route: str, version: str, state: VersionState, share: float) -> None:
        with writing(self._engine) as connection:
            placing.place(connection, route, version, state, share)

    def _one(self, *where: Any) -> Stored | None:
        with reading(self._engine) as connection:
            row = connection.execute(select(route_version).where(*where)).mappings().first()

        return Stored(**row) if row else None
