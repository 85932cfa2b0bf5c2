"""Adds erasures, which every data folder has to confirm."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    """Applies the migration."""
    op.create_table(
        "data_folder",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_folder")),
    )
    op.create_table(
        "erasure",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("sentences", sa.JSON(), nullable=False),
        sa.Column("datasets", sa.JSON(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("waiting", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure")),
    )
    op.create_table(
        "erasure_folder",
        sa.Column("erasure", sa.Text(), nullable=False),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("confirmed_at", sa.Float(), nullable=True),
        sa.Column("left", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["erasure"],
            ["erasure.id"],
            name=op.f("fk_erasure_folder_erasure"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("erasure", "folder", name=op.f("pk_erasure_folder")),
    )
