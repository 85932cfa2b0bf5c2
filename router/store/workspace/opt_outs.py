"""Who does not want to be learned from: answered when they ask, left out of everything else."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Engine, and_, delete, exists, insert, select
from sqlalchemy.exc import IntegrityError

from router.store.base.engine import reading, writing
from router.store.base.mining_tables import overheard
from router.store.base.tables import request
from router.store.base.workspace_tables import opt_out


class OptOuts:
    """The opt_out table."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def leave(self, team: str, user: str, at: float) -> None:
        """The person is left out from now on, and nothing is kept that was not said to Beagle; twice is fine."""
        try:
            with writing(self._engine) as connection:
                connection.execute(insert(opt_out).values(team=team, user=user, at=at))
        except IntegrityError:
            pass  # they were out already

        with writing(self._engine) as connection:
            connection.execute(
                delete(overheard).where(overheard.c.team == team, overheard.c.user == user)
            )

    def come_back(self, team: str, user: str) -> None:
        """The person takes part again."""
        with writing(self._engine) as connection:
            connection.execute(
                delete(opt_out).where(opt_out.c.team == team, opt_out.c.user == user)
            )

    def out(self, team: str, user: str) -> bool:
        """Whether the person is left out."""
        query = select(opt_out.c.user).where(opt_out.c.team == team, opt_out.c.user == user)
        with reading(self._engine) as connection:
            return connection.execute(query).scalar() is not None

    def of(self, team: str) -> frozenset[str]:
        """Everybody of a workspace who is left out."""
        with reading(self._engine) as connection:
            return frozenset(
                connection.execute(select(opt_out.c.user).where(opt_out.c.team == team)).scalars()
            )


def takes_part() -> ColumnElement[bool]:
    """A condition on `request`: its author is not left out. For every query that learns from requests."""
    return ~exists().where(and_(opt_out.c.team == request.c.team, opt_out.c.user == request.c.user))
