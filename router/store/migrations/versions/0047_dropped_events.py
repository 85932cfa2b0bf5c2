"""Adds the minutes in which Slack dropped events of a workspace."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"


def upgrade() -> None:
    """Adds the table, empty: what was dropped before is not known."""
    op.create_table(
        "dropped_events",
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("minute", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("team", "minute", name=op.f("pk_dropped_events")),
    )
