"""The tables of mining: what it has embedded, by hash, and what was said, masked, where an admin opted in."""

from __future__ import annotations

from sqlalchemy import Column, Float, Index, LargeBinary, PrimaryKeyConstraint, Table, Text

from router.store.base.tables import metadata

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

overheard = Table(
    "overheard",
    metadata,
    Column("team", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("ts", Text, nullable=False),
    Column("user", Text, nullable=False),
    # Masked before it comes here; nobody answers it, nothing quotes it where the channel is
    # private.
    Column("text", Text, nullable=False),
    Column("channel_kind", Text, nullable=False),
    Column("at", Float, nullable=False),
    PrimaryKeyConstraint("team", "channel", "ts"),
    Index("ix_overheard_at", "at"),
    Index("ix_overheard_user", "team", "user"),
)
