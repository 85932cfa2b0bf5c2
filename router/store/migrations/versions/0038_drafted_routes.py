"""Adds routes that were drafted for one workspace, and the thread of a message in a mined channel.

The messages that are stored already stay without a thread: Slack is not read again.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"


def upgrade() -> None:
    """Applies the migration."""
    op.create_table(
        "drafted_route",
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("candidate", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("team", "name", name=op.f("pk_drafted_route")),
    )
    op.add_column("overheard", sa.Column("thread_ts", sa.Text(), nullable=False, server_default=""))
