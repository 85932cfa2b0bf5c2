"""Adds who asked for a revision by a click: that person pays for it, not the request's author."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    """Applies the migration."""
    op.add_column("decision", sa.Column("asked_by", sa.Text(), nullable=True))
