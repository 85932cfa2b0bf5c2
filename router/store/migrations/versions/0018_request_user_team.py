"""Adds the asker's workspace where it is another one than Beagle was asked in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Applies the migration."""
    op.add_column("request", sa.Column("user_team", sa.Text(), nullable=False, server_default=""))
