"""Proposals: changes that wait for a person's confirmation, each to be made once."""

from __future__ import annotations

from typing import Literal

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Connection,
    Engine,
    Float,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    and_,
    or_,
    select,
    update,
)

from router.store.base.engine import insert_for, one_statement, reading, writing
from router.store.base.rows import as_row, literals
from router.store.base.tables import metadata, request
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
        self._insert = insert_for(engine)

    def propose(self, new: Proposal) -> None:
        """Stores the proposal.

        It replaces a pending one of the same revision, never a decided one. For a request that was
        erased meanwhile nothing is stored.
        """
        values = as_row(new)
        values["args"] = dict(new.args)

        # An erasure waits for this statement, or this one finds the request gone.
        stored = (
            select(*literals(proposal, values))
            .select_from(request)
            .where(request.c.id == new.request)
            .with_for_update(read=True)
        )
        statement = self._insert(proposal).from_select(list(values), stored)
        # The state is a condition of the write: a decision in between would be lost.
        statement = statement.on_conflict_do_update(
            index_elements=["request", "revision"],
            set_=values,
            where=proposal.c.state == "pending",
        )
        with one_statement(self._engine) as connection:
            connection.execute(statement)

    def get(self, key: str) -> Proposal | None:
        """Returns the proposal of that key."""
        with reading(self._engine) as connection:
            return _read(connection, key)

    def decide(
        self, seen: Proposal, to: Literal["confirmed", "cancelled"], by: str, at: float
    ) -> bool:
        """Records a person's decision on the proposal as they saw it.

        Returns False if it came too late, a second time, or if the proposal has changed since.
        """
        with writing(self._engine) as connection:
            current = _read(connection, seen.key, lock=True)
            if current is None or current.state != "pending":
                return False
            # What the person saw has to be what is carried out.
            if current.content_hash != seen.content_hash or current.at < at - PENDING_SECONDS:
                return False

            values = {"state": to, "decided_by": by, "decided_at": at, "wake_at": at}
            connection.execute(update(proposal).where(_has_key(seen.key)).values(values))

        return True

    def claim(self, key: str, now: float, until: float) -> bool:
        """Returns whether the caller may carry it out; nobody else may before `until`."""
        # One whose worker died may be carried out again: tools use the key to act only once.
        free = or_(
            proposal.c.state == "confirmed",
            and_(proposal.c.state == "running", proposal.c.wake_at <= now),
        )
        statement = update(proposal).where(_has_key(key), free)
        with one_statement(self._engine) as connection:
            claimed = connection.execute(statement.values(state="running", wake_at=until))
            return claimed.rowcount == 1

    def complete(self, key: str, state: Literal["done", "failed"], result: str, at: float) -> None:
        """Records the result of a running proposal; it stays due until people have been told."""
        values = {"state": state, "result": result, "done_at": at, "wake_at": at}
        running = update(proposal).where(_has_key(key), proposal.c.state == "running")

        with one_statement(self._engine) as connection:
            connection.execute(running.values(values))

    def set_wake_at(self, key: str, until: float | None) -> None:
        """Puts it off until then.

        None says that people have been told and nothing is left to do.
        """
        with one_statement(self._engine) as connection:
            connection.execute(update(proposal).where(_has_key(key)).values(wake_at=until))

    def overdue(self, now: float, limit: int = 100) -> list[str]:
        """Returns the keys of the proposals that need attention now, the longest due first."""
        query = (
            select(proposal.c.request, proposal.c.revision)
            .where(proposal.c.wake_at <= now)
            .order_by(proposal.c.wake_at)
            .limit(limit)
        )
        with one_statement(self._engine) as connection:
            rows = connection.execute(query).all()

        return [f"{row.request}.{row.revision}" for row in rows]


def _read(connection: Connection, key: str, *, lock: bool = False) -> Proposal | None:
    """Returns the proposal; with `lock` it stays as it is until the transaction ends."""
    query = select(*(proposal.c[name] for name in Proposal.__slots__)).where(_has_key(key))
    if lock:
        query = query.with_for_update()

    row = connection.execute(query).mappings().one_or_none()
    return Proposal(**row) if row else None


def _has_key(key: str) -> ColumnElement[bool]:
    """Returns the condition for a key such as `r1.0`; a key that is none matches no row."""
    request, _, revision = key.rpartition(".")
    number = int(revision) if revision.isdigit() else -1
    return and_(proposal.c.request == request, proposal.c.revision == number)
