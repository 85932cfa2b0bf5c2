"""Adds when the newest event about a channel, a member, a person or a message happened."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    """Adds the table; until an event comes, every event is the newest."""
    op.create_table(
        "event_time",
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("aspect", sa.Text(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("team", "channel", "subject", "aspect"),
    )
    op.create_index("ix_event_time_at", "event_time", ["at"])
