"""Adds candidate transitions, and the share of users that a version answers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Applies the migration."""
    op.add_column(
        "candidate", sa.Column("definition", sa.Text(), nullable=False, server_default="")
    )
    op.add_column("candidate", sa.Column("route", sa.Text(), nullable=True))
    op.add_column("candidate", sa.Column("approver", sa.Text(), nullable=True))
    op.create_index("ix_candidate_team_state", "candidate", ["team", "state"], unique=False)
    op.create_table(
        "candidate_edge",
        sa.Column("candidate", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("evidence_hash", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["candidate"],
            ["candidate.id"],
            name=op.f("fk_candidate_edge_candidate"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("candidate", "version", name=op.f("pk_candidate_edge")),
    )

    op.add_column(
        "route_version", sa.Column("share", sa.Float(), nullable=False, server_default="0")
    )
