"""Adds groups of failed requests with their diagnosis."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"


def upgrade() -> None:
    """Adds the table."""
    op.create_table(
        "failure_group",
        sa.Column("id", sa.Text(), primary_key=True),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("team", "week", "first_week", "cause")
        ),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("requests", sa.JSON(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("trend", sa.JSON(), nullable=False),
        sa.Column("encoder", sa.Text(), nullable=False),
        sa.Column("centroid", sa.LargeBinary(), nullable=False),
        sa.Column("remedy", sa.Text(), nullable=False, server_default=""),
        sa.Column("remedied_by", sa.Text(), nullable=False, server_default=""),
        sa.Column("remedied_at", sa.Float(), nullable=False, server_default="0"),
        sa.Column("at", sa.Float(), nullable=False),
    )
    op.create_index("ix_failure_group_team_week", "failure_group", ["team", "week"])
