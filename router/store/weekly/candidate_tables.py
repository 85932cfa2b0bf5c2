"""The table of candidate transitions, which is their audit log."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Float, ForeignKey, Integer, PrimaryKeyConstraint, Table, Text

from router.store.base.tables import metadata

candidate_edge = Table(
    "candidate_edge",
    metadata,
    Column("candidate", Text, ForeignKey("candidate.id", ondelete="CASCADE"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("before", Text, nullable=False),
    Column("after", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("at", Float, nullable=False),
    Column("evidence", JSON, nullable=False),
    Column("evidence_hash", Text, nullable=False),
    PrimaryKeyConstraint("candidate", "version"),
)
