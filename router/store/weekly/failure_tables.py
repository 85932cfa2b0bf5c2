"""The table of groups of failed requests. It holds no words: those are read from the requests."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Float, Index, Integer, LargeBinary, Table, Text

from router.store.base.tables import metadata

failure_group = Table(
    "failure_group",
    metadata,
    Column("id", Text, primary_key=True),
    Column("team", Text, nullable=False),
    # The ISO week in which it was last seen, and the one in which it was first seen.
    Column("week", Text, nullable=False),
    Column("first_week", Text, nullable=False),
    Column("cause", Text, nullable=False),
    # More of the cause by names of the code: which documents, which rule, which routes and models.
    Column("detail", JSON, nullable=False),
    Column("route", Text, nullable=False),
    Column("requests", JSON, nullable=False),
    Column("people", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    # By week, the oldest first: how many failed of how many.
    Column("trend", JSON, nullable=False),
    Column("encoder", Text, nullable=False),
    Column("centroid", LargeBinary, nullable=False),
    Column("remedy", Text, nullable=False, server_default=""),
    Column("remedied_by", Text, nullable=False, server_default=""),
    Column("remedied_at", Float, nullable=False, server_default="0"),
    Column("at", Float, nullable=False),
    Index("ix_failure_group_team_week", "team", "week"),
)
