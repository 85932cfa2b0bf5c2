"""Adds channel rules, opt-outs, the audit log, cancellations and installations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Applies the migration."""
    op.create_table(
        "channel_rule",
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("hears", sa.Text(), nullable=False),
        sa.Column("routes", sa.JSON(), nullable=False),
        sa.Column("default_route", sa.Text(), nullable=False),
        sa.Column("usd", sa.Float(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("team", "channel", name=op.f("pk_channel_rule")),
    )

    op.create_table(
        "opt_out",
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("team", "user", name=op.f("pk_opt_out")),
    )

    op.create_table(
        "audit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )

    op.create_index("ix_audit_subject", "audit", ["team", "subject"], unique=False)
    op.create_table(
        "stop",
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["request"], ["request.id"], name=op.f("fk_stop_request"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("request", "revision", name=op.f("pk_stop")),
    )

    op.create_table(
        "installation",
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("installer", sa.Text(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("team", name=op.f("pk_installation")),
    )

    op.create_table(
        "install_state",
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("until", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("state", name=op.f("pk_install_state")),
    )
