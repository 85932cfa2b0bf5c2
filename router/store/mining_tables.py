"""The table of what mining has embedded: by the hash of a masked text, never the text."""

from __future__ import annotations

from sqlalchemy import Column, Float, Index, LargeBinary, PrimaryKeyConstraint, Table, Text

from router.store.tables import metadata

mined_vector = Table(
    "mined_vector",
    metadata,
    Column("hash", Text, nullable=False),
    Column("encoder", Text, nullable=False),
    Column("vector", LargeBinary, nullable=False),
    Column("used_at", Float, nullable=False),
    PrimaryKeyConstraint("hash", "encoder"),
    Index("ix_mined_vector_used_at", "used_at"),
)
