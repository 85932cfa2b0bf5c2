"""People who opted out: Beagle answers them and learns nothing from them."""

from __future__ import annotations

from sqlalchemy import Engine, delete, or_, select

from router.store.base.engine import insert_for, one_statement, writing
from router.store.base.mining_tables import overheard
from router.store.base.workspace_tables import opt_out


class OptOuts:
    """The opt_out table."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = insert_for(engine)

    def add(self, team: str, user: str, at: float) -> None:
        """Opts the person out and deletes their captured channel messages. Twice is safe."""
        values = {"team": team, "user": user, "at": at}
        statement = self._insert(opt_out).values(values).on_conflict_do_nothing()
        # Requests stay: they were addressed to Beagle, and learning leaves them out.
        messages = delete(overheard).where(overheard.c.team == team, overheard.c.user == user)

        with writing(self._engine, ("opt-out", team, user)) as connection:
            connection.execute(statement)
            connection.execute(messages)

    def remove(self, team: str, user: str) -> None:
        """Lets the person take part again."""
        statement = delete(opt_out).where(opt_out.c.team == team, opt_out.c.user == user)
        with one_statement(self._engine) as connection:
            connection.execute(statement)

    def is_opted_out(self, team: str, user: str, home: str = "") -> bool:
        """Returns whether the person is left out.

        `home` is their workspace where it is another one than `team`: they say it there.
        """
        told = or_(opt_out.c.team == team, opt_out.c.team == (home or team))
        query = select(opt_out.c.user).where(told, opt_out.c.user == user)
        with one_statement(self._engine) as connection:
            return connection.execute(query).scalar() is not None

    def for_team(self, team: str) -> frozenset[str]:
        """Returns everybody of a workspace who is left out."""
        query = select(opt_out.c.user).where(opt_out.c.team == team)
        with one_statement(self._engine) as connection:
            return frozenset(connection.execute(query).scalars())
