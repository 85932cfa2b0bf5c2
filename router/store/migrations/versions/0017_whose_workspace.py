"""The workspace of the asker where that is another one than Beagle was asked in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Take the step."""
    op.add_column("request", sa.Column("user_team", sa.Text(), nullable=False, server_default=""))
