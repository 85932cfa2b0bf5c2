"""Gives the embeddings of mining to workspaces.

They are a cache: where it is not known whose they are, mining makes them again.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    """Makes the table anew; the rows of the only workspace are kept."""
    connection = op.get_bind()
    columns = ("hash", "encoder", "vector", "used_at")
    old = sa.table("mined_vector", *(sa.column(name) for name in columns))
    rows = [dict(row) for row in connection.execute(sa.select(old)).mappings()]

    op.drop_index("ix_mined_vector_used_at", "mined_vector")
    op.drop_table("mined_vector")
    op.create_table(
        "mined_vector",
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("encoder", sa.Text(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.Column("used_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("team", "hash", "encoder", name=op.f("pk_mined_vector")),
    )
    op.create_index("ix_mined_vector_used_at", "mined_vector", ["used_at"], unique=False)

    query = sa.text("SELECT team FROM request UNION SELECT team FROM overheard")
    teams = [row.team for row in connection.execute(query)]
    if len(teams) == 1 and rows:
        new = sa.table("mined_vector", sa.column("team"), *(sa.column(name) for name in columns))
        connection.execute(new.insert(), [row | {"team": teams[0]} for row in rows])
