"""Adds judged answers and measurements of tiers, and which attempts an answer took."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    """Applies the migration."""
    op.add_column("outcome", sa.Column("tier", sa.Text(), nullable=False, server_default=""))
    op.add_column("outcome", sa.Column("attempts", sa.JSON()))
    op.create_table(
        "judged_answer",
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("weight", sa.Float(), nullable=False),
        sa.Column("stood", sa.Boolean(), nullable=False),
        sa.Column("usd", sa.Float(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("judged_at", sa.Float(), nullable=False),
        sa.Column("seen", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["request"], ["request.id"], name="fk_judged_answer_request", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("request", "revision", "version", name="pk_judged_answer"),
    )
    op.create_index("ix_judged_answer_judged_at", "judged_answer", ["team", "route", "judged_at"])
    op.create_index("ix_judged_answer_at", "judged_answer", ["team", "at"])
    op.create_table(
        "measurement",
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("team", "route", "version", name="pk_measurement"),
    )
