"""Adds what tells whether a web page has changed since it was read.

Sources that are stored already have none: their pages are fetched whole once more.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"


def upgrade() -> None:
    """Applies the migration."""
    op.add_column(
        "source", sa.Column("page_versions", sa.JSON(), nullable=False, server_default="{}")
    )
