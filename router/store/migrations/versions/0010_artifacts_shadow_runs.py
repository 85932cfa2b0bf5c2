"""Adds training artefacts and shadow runs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Applies the migration."""
    op.create_table(
        "artefact",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("suffix", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_artefact")),
    )

    op.create_table(
        "trial",
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("agreed", sa.Float(), nullable=False),
        sa.Column("valid", sa.Boolean(), nullable=False),
        sa.Column("usd", sa.Float(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["request"], ["request.id"], name=op.f("fk_trial_request"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("request", "version", name=op.f("pk_trial")),
    )

    op.create_index("ix_trial_route_version", "trial", ["route", "version"], unique=False)
