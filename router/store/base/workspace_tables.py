"""The tables of a workspace: channel rules, opt-outs, audit log, cancellations, installations.

And one of the installation: which process leads its periodic work.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
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

channel_rule = Table(
    "channel_rule",
    metadata,
    Column("team", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("hears", Text, nullable=False),
    # An empty list allows every route.
    Column("routes", JSON, nullable=False),
    Column("default_route", Text, nullable=False),
    # Cap in USD for a UTC day; 0 means none of its own.
    Column("usd", Float, nullable=False),
    Column("version", Integer, nullable=False),
    # The admin who has the whole channel mined, empty for nobody, and since when.
    Column("mined_by", Text, nullable=False, server_default=""),
    Column("mined_since", Float, nullable=False, server_default="0"),
    # Who may save answers of people there, beside admins.
    Column("owners", JSON, nullable=False, server_default="[]"),
    PrimaryKeyConstraint("team", "channel"),
)

# When Slack last sent an event of a kind: the only way to learn what an app is subscribed to.
event_kind = Table(
    "event_kind",
    metadata,
    Column("team", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("first_at", Float, nullable=False),
    Column("last_at", Float, nullable=False),
    PrimaryKeyConstraint("team", "kind"),
)

opt_out = Table(
    "opt_out",
    metadata,
    Column("team", Text, nullable=False),
    Column("user", Text, nullable=False),
    Column("at", Float, nullable=False),
    PrimaryKeyConstraint("team", "user"),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("team", Text, nullable=False),
    Column("user", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("at", Float, nullable=False),
    Index("ix_audit_subject", "team", "subject"),
    Index("ix_audit_at", "at"),
)

stop = Table(
    "stop",
    metadata,
    Column("request", Text, ForeignKey("request.id", ondelete="CASCADE"), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("user", Text, nullable=False),
    Column("at", Float, nullable=False),
    PrimaryKeyConstraint("request", "revision"),
)

installation = Table(
    "installation",
    metadata,
    Column("team", Text, primary_key=True),
    # The person who installed it, the first admin of that workspace.
    Column("installer", Text, nullable=False),
    # The installation with its tokens, encrypted.
    Column("sealed", Text, nullable=False),
    Column("at", Float, nullable=False),
)

install_state = Table(
    "install_state",
    metadata,
    Column("state", Text, primary_key=True),
    Column("until", Float, nullable=False),
)

contact = Table(
    "contact",
    metadata,
    Column("what", Text, primary_key=True),
    Column("at", Float, nullable=False),
)

dropped_events = Table(
    "dropped_events",
    metadata,
    Column("team", Text, primary_key=True),
    # Unix seconds of its beginning, as Slack names it.
    Column("minute", Integer, primary_key=True, autoincrement=False),
)

leader = Table(
    "leader",
    metadata,
    Column("work", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    # The fencing token: it grows whenever another process takes over.
    Column("fence", Integer, nullable=False),
    Column("held_until", Float, nullable=False),
)
