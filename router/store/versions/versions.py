"""Route versions: immutable bodies, and the state that the store alone decides."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
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


@dataclass(frozen=True, slots=True)
class ServingVersion:
    """A version that may answer, without its body; see `StoredVersion`."""

    team: str
    id: str
    kind: Kind
    state: VersionState
    rollout_share: float
    at: float


@dataclass(frozen=True, slots=True)
class ServingVersions:
    """What may answer a user: a canary with them in its share, the live version, the tiers.

    `live` is the workspace's own, else the installation's, which is `installed`. `tiers` are the
    cheaper versions that the route's file declares, in no order.
    """

    canary: ServingVersion | None
    live: ServingVersion | None
    installed: ServingVersion | None
    tiers: tuple[ServingVersion, ...]


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

    def version_for_user(self, team: str, route: str, user: str) -> ServingVersion | None:
        """Returns the version for this user: a canary with them in its share, or the live one."""
        serving = self.serving_versions(team, route, user)
        return serving.canary or serving.live

    def serving_versions(self, team: str, route: str, user: str) -> ServingVersions:
        """Returns the versions that may answer this user in the workspace."""
        # One read of all, so a promotion in between cannot leave the user without a version. The
        # bodies stay out: they hold every example, and a decision needs none.
        columns = [route_version.c[name] for name in ServingVersion.__slots__]
        query = select(*columns).where(
            route_version.c.team.in_({team, INSTALLATION}),
            route_version.c.route == route,
            route_version.c.state.in_(("live", "canary", "tier")),
        )
        with one_statement(self._engine) as connection:
            rows = connection.execute(query).mappings().all()

        canary = live = installed = None
        tiers = []
        for row in rows:
            version = ServingVersion(**row)
            is_own = version.team == team
            if version.state == "tier":
                tiers.append(version)
            elif version.state == "canary":
                if is_own and in_rollout(route, user, version.rollout_share):
                    canary = version
            else:
                if version.team == INSTALLATION:
                    installed = version
                if is_own or live is None:
                    live = version

        return ServingVersions(canary, live, installed, tuple(tiers))

    def declare_tiers(self, route: str, tiers: Collection[str]) -> None:
        """Lets these versions of the route's file answer as tiers; retires those it dropped.

        A version that is live already stays so. Doing it twice changes nothing.
        """
        of_route = (route_version.c.team == INSTALLATION, route_version.c.route == route)
        with writing(self._engine, ("route", INSTALLATION, route)) as connection:
            transitions.declare_tiers(connection, of_route, tiers)

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
