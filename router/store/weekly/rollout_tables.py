"""The tables of rollout cards and of the progress of rollout steps."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Float, ForeignKey, Table, Text

from router.store.base.tables import metadata

road_card = Table(
    "road_card",
    metadata,
    Column("candidate", Text, ForeignKey("candidate.id", ondelete="CASCADE"), primary_key=True),
    Column("channel", Text, nullable=False),
    Column("ts", Text),
    Column("shown", Text, nullable=False),
    Column("at", Float, nullable=False),
)

progress = Table(
    "progress",
    metadata,
    Column("candidate", Text, ForeignKey("candidate.id", ondelete="CASCADE"), primary_key=True),
    Column("body", JSON, nullable=False),
    Column("at", Float, nullable=False),
)
