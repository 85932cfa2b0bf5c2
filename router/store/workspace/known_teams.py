"""The workspaces that the store knows: those that installed Beagle, and those that have used it."""

from __future__ import annotations

from sqlalchemy import Engine, exists, select, union

from router.store.base.engine import one_statement
from router.store.base.loose_scan import distinct_teams
from router.store.base.tables import candidate, dataset, request, route_version
from router.store.base.workspace_tables import installation
from router.types import INSTALLATION


class KnownTeams:
    """Reads the ids of workspaces from the tables that hold them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def all(self) -> list[str]:
        """Returns the id of every workspace with an installation, a request or a rollout."""
        with one_statement(self._engine) as connection:
            rows = connection.execute(select(distinct_teams(request).c.team))
            asking: set[str] = set(rows.scalars())

        return sorted(self.with_rollouts() | asking)

    def with_rollouts(self) -> set[str]:
        """Returns the ids of those that installed Beagle, or have candidates or versions.

        Cheap however many requests there are.
        """
        tables = (installation, candidate, route_version, dataset)
        query = union(*(select(table.c.team) for table in tables))
        with one_statement(self._engine) as connection:
            teams = {str(row.team) for row in connection.execute(query)}

        return teams - {INSTALLATION}

    def has_requests(self, team: str) -> bool:
        """Returns whether anybody in the workspace has asked anything that is still stored."""
        query = select(exists().where(request.c.team == team))
        with one_statement(self._engine) as connection:
            return bool(connection.execute(query).scalar())
