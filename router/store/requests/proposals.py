"""Proposals: what waits for a person's word, who gave it, and that it is carried out once."""

from __future__ import annotations

from typing import Any, Literal

from sqlalchemy import (
    JSON,
    Column,
    Engine,
    Float,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    and_,
    insert,
    or_,
    select,
    update,
)

from router.store.base.engine import reading, writing
from router.store.base.tables import metadata
from router.types import Proposal

PENDING_SECONDS = 86_400.0
"""Nobody can confirm later than this: what was meant then may not be meant any more."""

proposal = Table(
    "proposal",
    metadata,
    Column("request", Text, ForeignKey("request.id", ondelete="CASCADE"), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("tool", Text, nullable=False),
    Column("args", JSON, nullable=False),
    Column("said", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("at", Float, nullable=False),
    Column("result", Text, nullable=False, default=""),
    Column("decided_by", Text),
    Column("decided_at", Float),
    Column("done_at", Float),
    # When somebody has to look at it again; NULL when nothing is left to do.
    Column("wake_at", Float),
    PrimaryKeyConstraint("request", "revision"),
    Index("ix_proposal_wake_at", "wake_at"),
)


class Proposals:
    """The proposal table."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def propose(self, new: Proposal) -> None:
        """It waits for a person; one that waits already for the same revision is replaced, a decided one stays."""
        values = {name: getattr(new, name) for name in Proposal.__slots__} | {
            "args": dict(new.args)
        }
        with writing(self._engine) as connection:
            state = connection.execute(select(proposal.c.state).where(*_mine(new.key))).scalar()
            if state is None:
                connection.execute(insert(proposal).values(values))
            elif state == "pending":
                connection.execute(update(proposal).where(*_mine(new.key)).values(values))

    def get(self, key: str) -> Proposal | None:
        """The proposal of that key."""
        columns = [proposal.c[name] for name in Proposal.__slots__]
        with reading(self._engine) as connection:
            row = connection.execute(select(*columns).where(*_mine(key))).mappings().one_or_none()

        return Proposal(**row) if row else None

    def decide(
        self, seen: Proposal, to: Literal["confirmed", "cancelled"], by: str, at: float
    ) -> bool:
        """A person's word holds. False when it came too late, a second time, or for something else than `seen`."""
        with writing(self._engine) as connection:
            now = self._read(connection, seen.key)
            if (
                now is None
                or now.seal != seen.seal
                or now.state != "pending"
                or now.at < at - PENDING_SECONDS
            ):
                return False

            values = {"state": to, "decided_by": by, "decided_at": at, "wake_at": at}
            connection.execute(update(proposal).where(*_mine(seen.key)).values(values))

        return True

    def claim(self, key: str, now: float, until: float) -> bool:
        """The caller may carry it out, and nobody else before `until`."""
        free = or_(
            proposal.c.state == "confirmed",
            and_(proposal.c.state == "running", proposal.c.wake_at <= now),
        )
        with writing(self._engine) as connection:
            taken = update(proposal).where(*_mine(key), free).values(state="running", wake_at=until)
            return connection.execute(taken).rowcount == 1

    def finish(self, key: str, state: Literal["done", "failed"], result: str, at: float) -> None:
        """What came of it is recorded; people still have to be told."""
        values = {"state": state, "result": result, "done_at": at, "wake_at": at}
        with writing(self._engine) as connection:
            connection.execute(
                update(proposal).where(*_mine(key), proposal.c.state == "running").values(values)
            )

    def put_off(self, key: str, until: float | None) -> None:
        """Nobody looks at it before `until`; None: people were told, and nothing is left to do."""
        with writing(self._engine) as connection:
            connection.execute(update(proposal).where(*_mine(key)).values(wake_at=until))

    def due(self, now: float, limit: int = 100) -> list[str]:
        """Keys of those that somebody has to look at now, the longest due first."""
        query = select(proposal.c.request, proposal.c.revision).where(proposal.c.wake_at <= now)
        with reading(self._engine) as connection:
            rows = connection.execute(query.order_by(proposal.c.wake_at).limit(limit)).all()

        return [f"{row.request}.{row.revision}" for row in rows]

    @staticmethod
    def _read(connection: Any, key: str) -> Proposal | None:
        columns = [proposal.c[name] for name in Proposal.__slots__]
        row = connection.execute(select(*columns).where(*_mine(key))).mappings().one_or_none()
        return Proposal(**row) if row else None


def _mine(key: str) -> tuple[Any, Any]:
    request, _, revision = key.rpartition(".")
    return proposal.c.request == request, proposal.c.revision == (
        int(revision) if revision.isdigit() else -1
    )
