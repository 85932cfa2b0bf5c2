"""The workspace of the asker where that is another one than Beagle was asked in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Take the step."""
    op.add_column("request", sa.Column("user_team", sa.Text(), nullable=False, server_default=""))
