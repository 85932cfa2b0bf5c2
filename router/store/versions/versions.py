"""Route versions: immutable bodies, and the state that the store alone decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Engine, select

from router.canary import in_rollout
from router.kinds import Kind
from router.store.base.engine import insert_for, reading, writing
from router.store.base.rows import as_row
from router.store.base.tables import route_version
from router.store.versions import transitions
from router.types import VersionOrigin, VersionState


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """A version as it is stored; `body` is the JSON of a `router.catalog.version.Version`.

    Each of the last four belongs to one state. In canary `rollout_share` (0-1) of the users get the
    version. In shadow it answers unseen beside the live one if it is `shadowing`, else it waits to
    be judged. Live, its `origin` says whether the route's file or a rollout put it there. Retired,
    `previous_live` marks the version that a roll-back makes live again.
    """

    route: str
    id: str
    kind: Kind
    state: VersionState
    body: Mapping[str, Any]
    at: float
    rollout_share: float = 0.0
    shadowing: bool = False
    origin: VersionOrigin = "file"
    previous_live: bool = False


class Versions:
    """The route_version table. A route has at most one live version."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = insert_for(engine)

    def insert(self, new: StoredVersion) -> bool:
        """Inserts the version.

        False if it is stored already, and then not even its state changes.
        """
        row = as_row(new)
        statement = self._insert(route_version).values(row).on_conflict_do_nothing()

        # A version is immutable, so there is never anything to update.
        with writing(self._engine) as connection:
            return connection.execute(statement).rowcount == 1

    def get(self, route: str, version: str) -> StoredVersion | None:
        """Returns that version of that route."""
        return self._first(route_version.c.route == route, route_version.c.id == version)

    def live(self, route: str) -> StoredVersion | None:
        """Returns the live version of the route."""
        return self._first(route_version.c.route == route, route_version.c.state == "live")

    def live_versions(self) -> list[StoredVersion]:
        """Returns the live version of every route, by the routes' names."""
        query = (
            select(route_version)
            .where(route_version.c.state == "live")
            .order_by(route_version.c.route)
        )
        with reading(self._engine) as connection:
            return [StoredVersion(**row) for row in connection.execute(query).mappings()]

    def for_route(self, route: str) -> list[StoredVersion]:
        """Returns all versions of a route, newest first."""
        query = (
            select(route_version)
            .where(route_version.c.route == route)
            .order_by(route_version.c.at.desc())
        )
        with reading(self._engine) as connection:
            return [StoredVersion(**row) for row in connection.execute(query).mappings()]

    def version_for_user(self, route: str, user: str) -> StoredVersion | None:
        """Returns the version for this user: a canary with them in its share, or the live one."""
        query = select(route_version).where(
            route_version.c.route == route, route_version.c.state.in_(("live", "canary"))
        )
        with reading(self._engine) as connection:
            rows = connection.execute(query).mappings().all()

        # One read of both, so a promotion in between cannot leave the user without a version.
        by_state = {row["state"]: StoredVersion(**row) for row in rows}
        canary = by_state.get("canary")
        if canary is not None and in_rollout(route, user, canary.rollout_share):
            return canary

        return by_state.get("live")

    def shadow_version(self, route: str) -> StoredVersion | None:
        """Returns the version that answers beside the live one.

        One that waits to be judged does not.
        """
        return self._first(
            route_version.c.route == route,
            route_version.c.state == "shadow",
            route_version.c.shadowing,
        )

    def go_live(self, route: str, version: str, origin: VersionOrigin = "file") -> None:
        """Makes the version live and retires the one that was, in one step: never none, never two.

        With `origin` "rollout" it was promoted step by step; the route's file does not displace it.
        """
        with writing(self._engine) as connection:
            transitions.go_live(connection, route, version, origin)

    def start_shadow(self, route: str, version: str) -> None:
        """Lets the version answer unseen beside the live one.

        Any other that is being tried is retired.
        """
        with writing(self._engine) as connection:
            transitions.start_shadow(connection, route, version)

    def start_canary(self, route: str, version: str, share: float) -> None:
        """Lets the version answer `share` (0-1) of the users.

        Any other that is being tried is retired.
        """
        with writing(self._engine) as connection:
            transitions.start_canary(connection, route, version, share)

    def roll_back(self, route: str, version: str) -> str | None:
        """Retires the version from the next request on.

        Returns the id of the one that is live then.

        If it was live, the one before it is live again, in the same step; without one it stays,
        because some version has to answer. Doing it twice is safe.
        """
        with writing(self._engine) as connection:
            transitions.roll_back(connection, route, version)

        # Asked again rather than computed: the rules live in `transitions` alone.
        live = self.live(route)
        return live.id if live else None

    def _first(self, *where: ColumnElement[bool]) -> StoredVersion | None:
        with reading(self._engine) as connection:
            row = connection.execute(select(route_version).where(*where)).mappings().first()

        return StoredVersion(**row) if row else None
