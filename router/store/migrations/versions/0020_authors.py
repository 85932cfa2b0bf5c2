"""Adds who wrote a text where that is not the asker, and the workspaces of foreign people."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

COLUMNS = (
    ("request", "author"),
    ("request", "author_team"),
    ("feedback", "user_team"),
    ("chunk", "author_team"),
)


def upgrade() -> None:
    """Adds the columns, empty: nothing is known of the rows that are stored."""
    for table, column in COLUMNS:
        op.add_column(table, sa.Column(column, sa.Text(), nullable=False, server_default=""))
