"""Adds a cache of embeddings for mining."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Applies the migration."""
    op.create_table(
        "mined_vector",
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("encoder", sa.Text(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.Column("used_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("hash", "encoder", name=op.f("pk_mined_vector")),
    )

    op.create_index("ix_mined_vector_used_at", "mined_vector", ["used_at"], unique=False)
