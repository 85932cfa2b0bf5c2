"""Installations with their encrypted tokens, and the OAuth states of installs under way."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine, delete, insert, select

from router.store.base.engine import insert_for, reading, writing
from router.store.base.rows import as_row
from router.store.base.workspace_tables import install_state, installation


@dataclass(frozen=True, slots=True)
class StoredInstallation:
    """One workspace. `sealed` is the encrypted installation, `installer` the person who made it."""

    team: str
    installer: str
    sealed: str
    at: float


class Installations:
    """The installation and install_state tables. Tokens are encrypted before they get here."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = insert_for(engine)

    def upsert(self, new: StoredInstallation) -> None:
        """Stores the installation in place of an earlier one of the workspace."""
        row = as_row(new)
        statement = self._insert(installation).values(row)

        with writing(self._engine) as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=["team"], set_=row))

    def get(self, team: str) -> StoredInstallation | None:
        """Returns the workspace's installation, None if Beagle is not installed there."""
        query = select(installation).where(installation.c.team == team)
        with reading(self._engine) as connection:
            row = connection.execute(query).mappings().one_or_none()

        return StoredInstallation(**row) if row else None

    def teams(self) -> list[str]:
        """Returns the ids of every workspace in which Beagle is installed, sorted."""
        query = select(installation.c.team).order_by(installation.c.team)
        with reading(self._engine) as connection:
            return list(connection.execute(query).scalars())

    def remove(self, team: str) -> None:
        """Removes the workspace's installation."""
        with writing(self._engine) as connection:
            connection.execute(delete(installation).where(installation.c.team == team))

    def insert_state(self, state: str, until: float) -> None:
        """Stores the OAuth state of an install under way.

        It is valid once, until then (unix seconds).
        """
        with writing(self._engine) as connection:
            connection.execute(insert(install_state).values(state=state, until=until))

    def consume_state(self, state: str, now: float) -> bool:
        """Returns whether the state is valid, and deletes it together with every expired one."""
        # A state is single-use and short-lived, against forged OAuth redirects.
        expired = delete(install_state).where(install_state.c.until <= now)
        this_state = delete(install_state).where(install_state.c.state == state)

        with writing(self._engine) as connection:
            connection.execute(expired)
            return connection.execute(this_state).rowcount == 1
