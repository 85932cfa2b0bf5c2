"""Installations with their encrypted tokens, and the OAuth states that were used."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine, delete, select, update

from router.store.base.engine import insert_for, one_statement, writing
from router.store.base.rows import as_row
from router.store.base.workspace_tables import install_state, installation


@dataclass(frozen=True, slots=True)
class StoredInstallation:
    """One workspace.

    `sealed` is the encrypted installation, empty once its token was revoked. `installer` is the
    workspace's admin: the first person who installed it, or an admin or owner who took over.
    """

    team: str
    installer: str
    sealed: str
    at: float


class Installations:
    """The installation and install_state tables. Tokens are encrypted before they get here."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = insert_for(engine)

    def save(self, new: StoredInstallation) -> None:
        """Stores the installation, or a new token of one that is stored: its installer stays."""
        row = as_row(new)
        statement = self._insert(installation).values(row)
        token = {"sealed": new.sealed, "at": new.at}

        with one_statement(self._engine) as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=["team"], set_=token))

    def replace_installer(self, team: str, former: str, new: str) -> bool:
        """Makes somebody else the installer; returns whether `former` still was it."""
        return self._update(team, {"installer": new}, installer=former)

    def replace_token(self, team: str, old: str, new: str) -> bool:
        """Replaces the sealed installation; returns whether `old` was still stored."""
        return self._update(team, {"sealed": new}, sealed=old)

    def revoke(self, team: str) -> None:
        """Deletes the workspace's token. Who its admin is stays on record."""
        self._update(team, {"sealed": ""})

    def get(self, team: str) -> StoredInstallation | None:
        """Returns the workspace's installation, None if Beagle was never installed there."""
        query = select(installation).where(installation.c.team == team)
        with one_statement(self._engine) as connection:
            row = connection.execute(query).mappings().one_or_none()

        return StoredInstallation(**row) if row else None

    def teams(self) -> list[str]:
        """Returns the ids of every workspace of which a token is stored, sorted."""
        query = select(installation.c.team).where(installation.c.sealed != "")
        with one_statement(self._engine) as connection:
            return list(connection.execute(query.order_by(installation.c.team)).scalars())

    def use_state(self, state: str, until: float, now: float) -> bool:
        """Records that an install with this OAuth state was completed; returns whether it is new.

        A row is needed while the state is valid, until then (unix seconds); older rows are deleted.
        """
        row = self._insert(install_state).values(state=state, until=until)

        with writing(self._engine) as connection:
            connection.execute(delete(install_state).where(install_state.c.until <= now))
            return connection.execute(row.on_conflict_do_nothing()).rowcount == 1

    def is_state_used(self, state: str) -> bool:
        """Returns whether an install with this OAuth state was completed."""
        query = select(install_state.c.state).where(install_state.c.state == state)
        with one_statement(self._engine) as connection:
            return connection.execute(query).first() is not None

    def _update(self, team: str, values: dict[str, str], **expected: str) -> bool:
        """Updates the workspace's row if it holds what is expected; returns whether it did."""
        statement = update(installation).where(installation.c.team == team).values(values)
        for name, value in expected.items():
            statement = statement.where(installation.c[name] == value)

        with one_statement(self._engine) as connection:
            return connection.execute(statement).rowcount == 1
