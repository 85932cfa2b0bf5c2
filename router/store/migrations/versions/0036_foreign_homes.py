"""Adds the workspaces of people of other organisations, and whose workspace a click came from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"


def upgrade() -> None:
    """Adds the table, empty, and the column, empty for everybody."""
    op.create_table(
        "foreign_home",
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("team", "user", "organisation"),
    )
    op.create_index("ix_foreign_home_workspace", "foreign_home", ["team", "workspace"])
    op.add_column(
        "decision", sa.Column("asked_by_team", sa.Text(), nullable=False, server_default="")
    )
