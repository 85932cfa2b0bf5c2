"""Adds whose turn a request takes, and when each person and workspace had the last one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"

TURN = ["state", "team", "served_for", "received_at", "lease_until"]
HAS_OWNER = sa.text("owner IS NOT NULL")


def upgrade() -> None:
    """Adds the column, filled with the asker, its index and the table."""
    column = sa.Column("served_for", sa.Text(), nullable=False, server_default="")
    op.add_column("request", column)
    request = sa.table("request", sa.column("served_for"), sa.column("user"))
    op.execute(request.update().values(served_for=request.c.user))
    op.create_index("ix_request_turn", "request", TURN)
    op.create_index(
        "ix_request_owner",
        "request",
        ["owner"],
        sqlite_where=HAS_OWNER,
        postgresql_where=HAS_OWNER,
    )

    op.create_table(
        "turn",
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("team", "user", name=op.f("pk_turn")),
    )
    op.create_index("ix_turn_number", "turn", ["number"])
