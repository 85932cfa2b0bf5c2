"""The table of the weekly drift checks, and of their announcements to admins."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Float, ForeignKey, Index, Table, Text

from router.store.base.tables import metadata

drift = Table(
    "drift",
    metadata,
    Column("id", Text, primary_key=True),
    Column("team", Text, nullable=False),
    Column("candidate", Text, ForeignKey("candidate.id", ondelete="CASCADE")),
    Column("week", Text, nullable=False),
    Column("body", JSON, nullable=False),
    Column("telling", Boolean, nullable=False, default=False),
    Column("channel", Text),
    Column("claimed_at", Float),
    Column("ts", Text),
    Column("at", Float, nullable=False),
    Index("ix_drift_candidate_at", "candidate", "at"),
    Index("ix_drift_team_week", "team", "week"),
)
