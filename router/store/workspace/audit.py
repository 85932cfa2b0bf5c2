"""The audit log: who took which admin action, and whether it was allowed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Engine, insert, select

from router.store.base.engine import one_statement
from router.store.base.rows import as_row
from router.store.base.workspace_tables import audit

ActionOutcome = Literal["applied", "refused", "late"]


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One click or command.

    Its `outcome` is `applied`, `refused` (not an admin) or `late` (somebody else was first).
    """

    team: str
    user: str
    action: str
    subject: str
    outcome: ActionOutcome
    at: float


class AuditLog:
    """The audit table. Rows are added and never changed."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def record(self, entry: AuditEntry) -> None:
        """Adds the entry."""
        with one_statement(self._engine) as connection:
            connection.execute(insert(audit).values(as_row(entry)))

    def for_subject(self, team: str, subject: str) -> list[AuditEntry]:
        """Returns every entry about `subject`, oldest first."""
        query = (
            select(*(audit.c[name] for name in AuditEntry.__slots__))
            .where(audit.c.team == team, audit.c.subject == subject)
            .order_by(audit.c.id)
        )
        with one_statement(self._engine) as connection:
            return [AuditEntry(**row) for row in connection.execute(query).mappings()]
