"""Adds the workspaces of one organisation that somebody belongs to (Enterprise Grid).

Whom Slack has described before is asked about again when their rights grow old.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    """Adds the column, empty for everybody."""
    op.add_column("person", sa.Column("teams", sa.Text(), nullable=False, server_default=""))
