"""The tables of erasures that every data folder has to confirm."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Float, ForeignKey, Integer, Table, Text, false

from router.store.base.tables import metadata

# Each folder in which a process keeps files of its own: a container has another one than the bot.
data_folder = Table(
    "data_folder",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("seen_at", Float, nullable=False),
)

erasure = Table(
    "erasure",
    metadata,
    Column("id", Text, primary_key=True),
    Column("team", Text, nullable=False),
    # Empty where the whole workspace is erased.
    Column("user", Text, nullable=False),
    # Digests under a key of their own; no word of the person.
    Column("sentences", JSON, nullable=False),
    # The datasets that lost rows, by id.
    Column("datasets", JSON, nullable=False),
    Column("at", Float, nullable=False),
    # The person was told that some folders had not confirmed yet.
    Column("waiting", Boolean, nullable=False, default=False, server_default=false()),
)

erasure_folder = Table(
    "erasure_folder",
    metadata,
    Column("erasure", Text, ForeignKey("erasure.id", ondelete="CASCADE"), primary_key=True),
    Column("folder", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("confirmed_at", Float),
    # How many files still repeat the person.
    Column("left", Integer, nullable=False, default=0, server_default="0"),
)
