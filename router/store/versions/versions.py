"""Route versions: immutable bodies, and the state that the store alone decides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, select

from router.canary import in_rollout
from router.kinds import Kind
from router.store.base.engine import insert_for, one_statement, writing
from router.store.base.rows import as_row
from router.store.base.tables import route_version
from router.store.versions import transitions
from router.types import INSTALLATION, VersionOrigin, VersionState


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """A version as it is stored; `body` is the JSON of a `router.catalog.version.Version`.

    `team` is the workspace whose rollout made it; the versions of route files are the
    installation's.

    Each of the last four belongs to one state. In canary `rollout_share` (0-1) of the users get the
    version. In shadow it answers unseen beside the live one if it is `shadowing`, else it waits to
    be judged. Live, its `origin` says whether the route's file or a rollout put it there. Retired,
    `previous_live` marks the version that a roll-back makes live again.
    """

    team: str
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
    """The route_version table.

    A workspace has at most one live version of a route. Without one of its own, the installation's
    live version answers there. What one workspace trains, tries or promotes is never served, shown
    or changed in another: each method works within the `team` that it is given.
    """

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
        with one_statement(self._engine) as connection:
            return connection.execute(statement).rowcount == 1

    def get(self, team: str, route: str, version: str) -> StoredVersion | None:
        """Returns that version of that route: the workspace's, else the installation's."""
        versions = self._visible(
            team, route_version.c.route == route, route_version.c.id == version
        )
        return _own_first(versions)

    def live(self, team: str, route: str) -> StoredVersion | None:
        """Returns the version that is live in the workspace: its own, else the installation's."""
        return _own_first(
            self._visible(team, route_version.c.route == route, route_version.c.state == "live")
        )

    def live_versions(self, team: str) -> list[StoredVersion]:
        """Returns the version that is live in the workspace for every route, by their names."""
        by_route: dict[str, StoredVersion] = {}
        for version in self._visible(team, route_version.c.state == "live"):
            if version.team == team or version.route not in by_route:
                by_route[version.route] = version

        return [by_route[route] for route in sorted(by_route)]

    def for_route(self, team: str, route: str) -> list[StoredVersion]:
        """Returns the workspace's and the installation's versions of a route, newest first."""
        versions = self._visible(team, route_version.c.route == route)
        return sorted(versions, key=lambda version: -version.at)

    def version_for_user(self, team: str, route: str, user: str) -> StoredVersion | None:
        """Returns the version for this user: a canary with them in its share, or the live one."""
        # One read of both, so a promotion in between cannot leave the user without a version.
        versions = self._visible(
            team, route_version.c.route == route, route_version.c.state.in_(("live", "canary"))
        )
        for version in versions:
            is_canary = version.state == "canary" and version.team == team
            if is_canary and in_rollout(route, user, version.rollout_share):
                return version

        return _own_first(version for version in versions if version.state == "live")

    def shadow_version(self, team: str, route: str) -> StoredVersion | None:
        """Returns the workspace's version that answers beside the live one.

        One that waits to be judged does not.
        """
        versions = self._visible(
            team,
            route_version.c.route == route,
            route_version.c.state == "shadow",
            route_version.c.shadowing,
        )
        return next((version for version in versions if version.team == team), None)

    def go_live(self, team: str, route: str, version: str, origin: VersionOrigin = "file") -> None:
        """Makes the version live and retires the one that was, in one step: never none, never two.

        With `origin` "rollout" it was promoted step by step; the route's file does not displace it.
        """
        with writing(self._engine, ("route", team, route)) as connection:
            transitions.go_live(connection, team, route, version, origin)

    def start_shadow(self, team: str, route: str, version: str) -> None:
        """Lets the version answer unseen beside the live one.

        Any other of the workspace that is being tried is retired.
        """
        with writing(self._engine, ("route", team, route)) as connection:
            transitions.start_shadow(connection, team, route, version)

    def start_canary(self, team: str, route: str, version: str, share: float) -> None:
        """Lets the version answer `share` (0-1) of the workspace's users.

        Any other of the workspace that is being tried is retired.
        """
        with writing(self._engine, ("route", team, route)) as connection:
            transitions.start_canary(connection, team, route, version, share)

    def roll_back(self, team: str, route: str, version: str) -> str | None:
        """Retires the version from the next request on.

        Returns the id of the one that is live then.

        If it was live, the one before it is live again, in the same step; where nothing could
        answer in its place it stays, because some version has to. Doing it twice is safe.
        """
        with writing(self._engine, ("route", team, route)) as connection:
            transitions.roll_back(connection, team, route, version)
            # Asked again rather than computed: the rules live in `transitions` alone.
            is_live = (route_version.c.route == route, route_version.c.state == "live")
            live = _own_first(_read_visible(connection, team, *is_live))

        return live.id if live else None

    def _visible(self, team: str, *where: ColumnElement[bool]) -> list[StoredVersion]:
        """Returns the workspace's own and the installation's versions."""
        with one_statement(self._engine) as connection:
            return _read_visible(connection, team, *where)


def _read_visible(
    connection: Connection, team: str, *where: ColumnElement[bool]
) -> list[StoredVersion]:
    query = select(route_version).where(route_version.c.team.in_({team, INSTALLATION}), *where)
    return [StoredVersion(**row) for row in connection.execute(query).mappings()]


def _own_first(versions: Iterable[StoredVersion]) -> StoredVersion | None:
    """Returns the workspace's own version, else the installation's."""
    return max(versions, key=lambda version: version.team != INSTALLATION, default=None)
