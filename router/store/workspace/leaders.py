"""The leader table: which process does each kind of periodic work, and until when."""

from __future__ import annotations

from sqlalchemy import Engine, case, exists, or_, select, update

from router.store.base.engine import insert_for, one_statement
from router.store.base.workspace_tables import leader


class Leaders:
    """One row for each kind of periodic work; its holder renews it, and it expires by itself.

    All times are those of the caller's clock, on which every process of the installation agrees.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = insert_for(engine)

    def hold(self, work: str, owner: str, now: float, seconds: float) -> int | None:
        """Takes or renews the work for `seconds`; returns the owner's fencing token.

        Returns None, and changes nothing, while another owner holds it. The token grows whenever
        the owner changes.
        """
        until = now + seconds
        is_mine = leader.c.owner == owner
        # A lease never ends later than this: one that seems to comes from a restored backup, or
        # from a server whose clock was ahead, and would keep everybody away.
        is_over = or_(leader.c.held_until <= now, leader.c.held_until > until + seconds)

        row = {"work": work, "owner": owner, "fence": 1, "held_until": until}
        statement = self._insert(leader).values(row)
        statement = statement.on_conflict_do_update(
            index_elements=["work"],
            set_={
                "owner": owner,
                "fence": case((is_mine, leader.c.fence), else_=leader.c.fence + 1),
                "held_until": until,
            },
            where=or_(is_mine, is_over),
        )
        with one_statement(self._engine) as connection:
            fence = connection.execute(statement.returning(leader.c.fence)).scalar()

        return None if fence is None else int(fence)

    def is_current(self, work: str, owner: str, fence: int) -> bool:
        """Returns whether nobody has taken the work over since the owner got this token."""
        mine = (leader.c.work == work, leader.c.owner == owner, leader.c.fence == fence)
        with one_statement(self._engine) as connection:
            return bool(connection.execute(select(exists().where(*mine))).scalar())

    def release(self, work: str, owner: str) -> None:
        """Ends the owner's lease, so that another process can take over at once."""
        mine = (leader.c.work == work, leader.c.owner == owner)
        with one_statement(self._engine) as connection:
            connection.execute(update(leader).where(*mine).values(held_until=0.0))

    def holders(self, now: float) -> dict[str, str]:
        """Returns the owner of each kind of work that is held at the moment."""
        held = select(leader.c.work, leader.c.owner).where(leader.c.held_until > now)
        with one_statement(self._engine) as connection:
            return {row.work: row.owner for row in connection.execute(held)}
