"""Adds when Slack said what is stored of channels, their members and people.

Channels were described together with their members. When people were asked about was not kept, so
Slack is asked again before their rights count.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"

COLUMNS = (
    ("channel", "described_at"),
    ("channel", "tried_at"),
    ("member", "asked_at"),
    ("person", "asked_at"),
    ("person", "tried_at"),
)


def upgrade() -> None:
    """Adds the columns and copies the one time that is known."""
    for table, column in COLUMNS:
        op.add_column(table, sa.Column(column, sa.Float(), nullable=False, server_default="0"))

    op.add_column("outcome", sa.Column("acls", sa.JSON()))
    op.execute("UPDATE channel SET described_at = asked_at")
