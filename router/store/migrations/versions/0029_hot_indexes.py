"""Adds an index for every query that is asked again and again, whatever the number of requests."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"

INDEXES = (
    ("ix_request_team_received_at", "request", ["team", "received_at"], ""),
    ("ix_request_user_received_at", "request", ["team", "user", "received_at"], ""),
    ("ix_request_channel", "request", ["team", "channel_kind", "channel", "received_at"], ""),
    ("ix_request_dead", "request", ["team", "done_at"], "request.state = 'dead'"),
    ("ix_request_text", "request", ["received_at"], "request.text <> ''"),
    ("ix_outcome_version", "outcome", ["route", "version", "at"], ""),
    ("ix_feedback_label", "feedback", ["at"], "feedback.aspect IN ('route', 'review')"),
    ("ix_audit_at", "audit", ["at"], ""),
    ("ix_overheard_team_at", "overheard", ["team", "at"], ""),
    ("ix_overheard_channel", "overheard", ["team", "channel_kind", "channel"], ""),
    ("ix_spend_day", "spend", ["day", "scope", "key"], ""),
)
"""Name, table, columns and the condition of a partial index."""


def upgrade() -> None:
    """Creates the indexes."""
    for name, table, columns, condition in INDEXES:
        where = sa.text(condition) if condition else None
        op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)
