"""The table of routes that were drafted for one workspace."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Float, Integer, PrimaryKeyConstraint, Table, Text

from router.store.base.tables import metadata

drafted_route = Table(
    "drafted_route",
    metadata,
    Column("team", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("candidate", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("body", JSON, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("at", Float, nullable=False),
    PrimaryKeyConstraint("team", "name"),
)
