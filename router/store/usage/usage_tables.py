"""The tables of counters: what happened since the last count, figures by hour and day, totals."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Float, Index, Integer, PrimaryKeyConstraint, Table, Text

from router.store.base.tables import metadata

# Written by triggers, in the transaction of what happened (migration 0029), and emptied by
# counting. Rows are only added: a counter that every writer updates would make them wait for each
# other.
usage_event = Table(
    "usage_event",
    metadata,
    Column("id", Integer, primary_key=True),
    # `received`, `ended`, `decision`, `outcome`, `tier`; `changed` where no total grows.
    Column("kind", Text, nullable=False),
    Column("team", Text, nullable=False),
    # The hour in which the request came, counted from 1970-01-01 UTC.
    Column("hour", Integer, nullable=False),
    # A state; a verb and a route; a route, a model and an error; a route, a tier and a result.
    Column("first", Text, nullable=False, server_default=""),
    Column("second", Text, nullable=False, server_default=""),
    Column("third", Text, nullable=False, server_default=""),
    Column("usd", Float, nullable=False, server_default="0"),
    Column("seconds", Float),
    Index("ix_usage_event_hour", "team", "hour"),
    sqlite_autoincrement=True,
)

# A cache of the requests of each hour, and of the hours of each day, made again from them when one
# of them changes.
usage_slot = Table(
    "usage_slot",
    metadata,
    Column("team", Text, nullable=False),
    # Hours in the slot: 1 or 24.
    Column("hours", Integer, nullable=False),
    # The slot's number since 1970-01-01 UTC, in slots of that length.
    Column("number", Integer, nullable=False),
    Column("verb", Text, nullable=False),
    Column("route", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("requests", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("corrected", Integer, nullable=False),
    Column("not_found", Integer, nullable=False),
    Column("usd", Float, nullable=False),
    Column("tokens", Integer, nullable=False),
    # How many took how long, by the number of a bucket (`latency.py`).
    Column("seconds", JSON, nullable=False),
    PrimaryKeyConstraint("team", "hours", "number", "verb", "route", "kind", "state"),
)

# Totals since the store was made, which only grow, whatever is deleted later.
usage_total = Table(
    "usage_total",
    metadata,
    Column("metric", Text, nullable=False),
    Column("first", Text, nullable=False),
    Column("second", Text, nullable=False),
    # The bucket of a histogram (`totals.SECONDS`), -1 for a plain sum.
    Column("bucket", Integer, nullable=False),
    Column("amount", Float, nullable=False),
    PrimaryKeyConstraint("metric", "first", "second", "bucket"),
)
