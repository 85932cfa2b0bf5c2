"""Adds knowledge sources, pending retrains, and when members were last fetched."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Applies the migration."""
    op.create_table(
        "source",
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("places", sa.JSON(), nullable=False),
        sa.Column("base_url", sa.Text(), nullable=False, server_default=""),
        sa.Column("acl", sa.Text(), nullable=False),
        sa.Column("read_at", sa.Float(), nullable=False),
        sa.Column("left_out", sa.Integer(), nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("team", "name", name=op.f("pk_source")),
    )

    op.create_table(
        "retrain",
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("route", "version", name=op.f("pk_retrain")),
    )

    op.add_column("channel", sa.Column("asked_at", sa.Float(), nullable=False, server_default="0"))
    op.add_column(
        "knowledge_change",
        sa.Column("gone", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
