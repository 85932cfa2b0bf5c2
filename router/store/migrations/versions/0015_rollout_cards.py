"""Adds rollout cards and the progress of rollout steps."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Applies the migration."""
    op.create_table(
        "road_card",
        sa.Column("candidate", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("ts", sa.Text(), nullable=True),
        sa.Column("shown", sa.Text(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["candidate"], ["candidate.id"], name=op.f("fk_road_card_candidate"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("candidate", name=op.f("pk_road_card")),
    )

    op.create_table(
        "progress",
        sa.Column("candidate", sa.Text(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["candidate"], ["candidate.id"], name=op.f("fk_progress_candidate"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("candidate", name=op.f("pk_progress")),
    )
