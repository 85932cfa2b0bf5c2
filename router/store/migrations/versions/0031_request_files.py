"""Adds the ids of the files that were shared with a request."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    """Applies the migration."""
    op.add_column("request", sa.Column("files", sa.Text(), nullable=False, server_default=""))
