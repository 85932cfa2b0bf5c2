"""Adds messages of channels that an admin opted in to mining."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Applies the migration."""
    op.add_column(
        "channel_rule", sa.Column("mined_by", sa.Text(), nullable=False, server_default="")
    )
    op.add_column(
        "channel_rule", sa.Column("mined_since", sa.Float(), nullable=False, server_default="0")
    )
    op.create_table(
        "overheard",
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("ts", sa.Text(), nullable=False),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("channel_kind", sa.Text(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("team", "channel", "ts", name=op.f("pk_overheard")),
    )

    op.create_index("ix_overheard_at", "overheard", ["at"], unique=False)
    op.create_index("ix_overheard_user", "overheard", ["team", "user"], unique=False)
