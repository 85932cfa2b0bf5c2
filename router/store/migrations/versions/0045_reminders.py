"""Adds where reminders are that Slack is to post, so that they can be cancelled."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"


def upgrade() -> None:
    """Adds the table, empty: of reminders of the time before no id is known."""
    op.create_table(
        "reminder",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("post_at", sa.Float(), nullable=False),
        sa.Column("scheduled", sa.Text(), nullable=False, server_default=""),
        sa.Column("wake_at", sa.Float()),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_reminder")),
    )
    op.create_index("ix_reminder_wake_at", "reminder", ["wake_at"])
    op.create_index("ix_reminder_request", "reminder", ["request"])
    op.create_index("ix_reminder_post_at", "reminder", ["post_at"])
