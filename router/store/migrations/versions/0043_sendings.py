"""Adds sendings: answers that a person passed on, each to be sent once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"


def upgrade() -> None:
    """Applies the migration."""
    op.create_table(
        "sending",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("post_at", sa.Float(), nullable=False, server_default="0"),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("resumed", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("result", sa.Text(), nullable=False, server_default=""),
        sa.Column("done_at", sa.Float()),
        sa.Column("wake_at", sa.Float()),
        sa.ForeignKeyConstraint(
            ["request"],
            ["request.id"],
            name=op.f("fk_sending_request"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_sending")),
    )
    op.create_index("ix_sending_wake_at", "sending", ["wake_at"])
    op.create_index("ix_sending_request", "sending", ["request"])
