"""The workspaces that installed Beagle, their tokens sealed, and the states of installs under way."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine, delete, insert, select

from router.store.base.engine import insert_for, reading, writing
from router.store.base.workspace_tables import install_state, installation


@dataclass(frozen=True, slots=True)
class Installed:
    """One workspace. `sealed` is encrypted; `installer` is the person who installed Beagle there."""

    team: str
    installer: str
    sealed: str
    at: float


class Installations:
    """The installation and install_state tables."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = insert_for(engine)

    def put(self, new: Installed) -> None:
        """The workspace is installed like this from now on."""
        row = {name: getattr(new, name) for name in Installed.__slots__}
        statement = self._insert(installation).values(row)

        with writing(self._engine) as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=["team"], set_=row))

    def get(self, team: str) -> Installed | None:
        """The workspace, None when Beagle is not installed there."""
        with reading(self._engine) as connection:
            row = (
                connection.execute(select(installation).where(installation.c.team == team))
                .mappings()
                .one_or_none()
            )

        return Installed(**row) if row else None

    def teams(self) -> list[str]:
        """Every workspace in which Beagle is installed, in the order of their ids."""
        with reading(self._engine) as connection:
            return list(
                connection.execute(
                    select(installation.c.team).order_by(installation.c.team)
                ).scalars()
            )

    def remove(self, team: str) -> None:
        """Beagle is not installed there any more."""
        with writing(self._engine) as connection:
            connection.execute(delete(installation).where(installation.c.team == team))

    def begin(self, state: str, until: float) -> None:
        """An install is under way; its state is good until then (unix seconds), once."""
        with writing(self._engine) as connection:
            connection.execute(insert(install_state).values(state=state, until=until))

    def finish(self, state: str, now: float) -> bool:
        """Whether that state was good; it is used up, and so is every one that is too old."""
        with writing(self._engine) as connection:
            connection.execute(delete(install_state).where(install_state.c.until <= now))
            return (
                connection.execute(
                    delete(install_state).where(install_state.c.state == state)
                ).rowcount
                == 1
            )
