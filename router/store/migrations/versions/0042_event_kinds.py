"""Adds when events of each kind arrived in each workspace."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"


def upgrade() -> None:
    """Adds the table, empty: it fills with what comes from now on."""
    op.create_table(
        "event_kind",
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("first_at", sa.Float(), nullable=False),
        sa.Column("last_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("team", "kind", name=op.f("pk_event_kind")),
    )
