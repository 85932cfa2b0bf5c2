"""Adds channels, their members, and which users are guests."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Applies the migration."""
    op.create_table(
        "channel",
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("read", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("team", "id", name=op.f("pk_channel")),
    )

    op.create_table(
        "member",
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("user", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("team", "channel", "user", name=op.f("pk_member")),
    )

    op.create_index("ix_member_user", "member", ["team", "user"], unique=False)
    op.create_table(
        "person",
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("guest", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("team", "user", name=op.f("pk_person")),
    )
