"""Counts why answers were bad without reading all feedback ever given."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"


def upgrade() -> None:
    """Adds the partial index."""
    where = sa.text("feedback.aspect = 'reason'")
    op.create_index(
        "ix_feedback_reason", "feedback", ["at"], sqlite_where=where, postgresql_where=where
    )
