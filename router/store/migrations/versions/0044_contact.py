"""Adds until when events of Slack could arrive."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"


def upgrade() -> None:
    """Adds the table, empty: nothing is known of the time before."""
    op.create_table(
        "contact",
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("what", name=op.f("pk_contact")),
    )
