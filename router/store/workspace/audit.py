"""Who pressed what, and whether it was allowed: one row for each click that only admins may make."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Engine, insert, select

from router.store.base.engine import reading, writing
from router.store.base.workspace_tables import audit

Verdict = Literal["applied", "refused", "late"]


@dataclass(frozen=True, slots=True)
class Act:
    """One click or command. `outcome` is `applied`, `refused` (not an admin) or `late` (somebody was first)."""

    team: str
    user: str
    action: str
    subject: str
    outcome: Verdict
    at: float


class Audit:
    """The audit table. Rows are added and never changed."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def note(self, act: Act) -> None:
        """The row is there."""
        with writing(self._engine) as connection:
            connection.execute(
                insert(audit).values({name: getattr(act, name) for name in Act.__slots__})
            )

    def of(self, team: str, subject: str) -> list[Act]:
        """Everything that was pressed about `subject`, oldest first."""
        query = (
            select(*(audit.c[name] for name in Act.__slots__))
            .where(audit.c.team == team, audit.c.subject == subject)
            .order_by(audit.c.id)
        )
        with reading(self._engine) as connection:
            return [Act(**row) for row in connection.execute(query).mappings()]
