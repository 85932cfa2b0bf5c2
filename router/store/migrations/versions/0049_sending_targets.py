"""Finds what was handed over to a person without reading everything that was sent."""

from __future__ import annotations

from alembic import op

revision = "0049"
down_revision = "0048"


def upgrade() -> None:
    """Adds the index."""
    op.create_index("ix_sending_target", "sending", ["target"])
