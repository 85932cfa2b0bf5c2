"""Adds the author of a chunk."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Applies the migration."""
    op.add_column("chunk", sa.Column("author", sa.Text(), nullable=False, server_default=""))
    op.create_index("ix_chunk_author", "chunk", ["team", "author"], unique=False)
