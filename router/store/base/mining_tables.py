"""The tables of mining: embeddings by the hash of their text, and messages of opted-in channels."""

from __future__ import annotations

from sqlalchemy import Column, Float, Index, LargeBinary, PrimaryKeyConstraint, Table, Text

from router.store.base.tables import metadata

mined_vector = Table(
    "mined_vector",
    metadata,
    Column("team", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("encoder", Text, nullable=False),
    Column("vector", LargeBinary, nullable=False),
    Column("used_at", Float, nullable=False),
    PrimaryKeyConstraint("team", "hash", "encoder"),
    Index("ix_mined_vector_used_at", "used_at"),
)

overheard = Table(
    "overheard",
    metadata,
    Column("team", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("ts", Text, nullable=False),
    Column("user", Text, nullable=False),
    # Masked before it is stored. Never answered, and never quoted if the channel is private.
    Column("text", Text, nullable=False),
    Column("channel_kind", Text, nullable=False),
    Column("at", Float, nullable=False),
    # Of an answer in a thread, the message that began it.
    Column("thread_ts", Text, nullable=False, server_default=""),
    PrimaryKeyConstraint("team", "channel", "ts"),
    Index("ix_overheard_at", "at"),
    Index("ix_overheard_team_at", "team", "at"),
    Index("ix_overheard_channel", "team", "channel_kind", "channel"),
    Index("ix_overheard_user", "team", "user"),
)
