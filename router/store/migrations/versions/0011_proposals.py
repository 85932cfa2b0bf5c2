"""Adds proposals: changes by tools that a person has to confirm."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Applies the migration."""
    op.create_table(
        "proposal",
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("tool", sa.Text(), nullable=False),
        sa.Column("args", sa.JSON(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.Float(), nullable=True),
        sa.Column("done_at", sa.Float(), nullable=True),
        sa.Column("wake_at", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(
            ["request"], ["request.id"], name=op.f("fk_proposal_request"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("request", "revision", name=op.f("pk_proposal")),
    )

    op.create_index("ix_proposal_wake_at", "proposal", ["wake_at"], unique=False)
