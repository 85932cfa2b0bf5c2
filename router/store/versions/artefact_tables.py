"""The tables of training artefacts and of shadow runs."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from router.store.base.tables import metadata

artefact = Table(
    "artefact",
    metadata,
    Column("team", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("route", Text, nullable=False),
    Column("suffix", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("at", Float, nullable=False),
    PrimaryKeyConstraint("team", "name"),
)

trial = Table(
    "trial",
    metadata,
    Column("request", Text, ForeignKey("request.id", ondelete="CASCADE"), nullable=False),
    Column("version", Text, nullable=False),
    Column("route", Text, nullable=False),
    Column("agreed", Float, nullable=False),
    Column("valid", Boolean, nullable=False),
    Column("usd", Float, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("at", Float, nullable=False),
    PrimaryKeyConstraint("request", "version"),
    Index("ix_trial_route_version", "route", "version"),
)
