"""The tables of what is known of the quality of versions that are tiers of a route."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from router.store.base.tables import metadata

judged_answer = Table(
    "judged_answer",
    metadata,
    Column("request", Text, ForeignKey("request.id", ondelete="CASCADE"), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("version", Text, nullable=False),
    Column("team", Text, nullable=False),
    Column("route", Text, nullable=False),
    Column("tier", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("value", Float, nullable=False),
    Column("weight", Float, nullable=False),
    Column("stood", Boolean, nullable=False),
    Column("usd", Float, nullable=False),
    Column("at", Float, nullable=False),
    Column("judged_at", Float, nullable=False),
    # Whether the answer was given for a person, and not in the background for comparison alone.
    Column("seen", Boolean, nullable=False),
    PrimaryKeyConstraint("request", "revision", "version"),
    # The record that a decision reads: the newest opinions on the answers of a route.
    Index("ix_judged_answer_judged_at", "team", "route", "judged_at"),
    # Statistics of a period, and what was spent on exploration today.
    Index("ix_judged_answer_at", "team", "at"),
)

measurement = Table(
    "measurement",
    metadata,
    Column("team", Text, nullable=False),
    Column("route", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("body", JSON, nullable=False),
    Column("at", Float, nullable=False),
    PrimaryKeyConstraint("team", "route", "version"),
)
