"""Tells people of other workspaces from those with the same id whose turn it is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"


def upgrade() -> None:
    """Names the workspace of the asker in open requests of people from elsewhere.

    Who ran a request again from elsewhere is not known any more: it takes its asker's turn.
    """
    request = sa.table(
        "request", sa.column("served_for"), sa.column("user"), sa.column("user_team")
    )
    from_elsewhere = (request.c.user_team != "", request.c.served_for == request.c.user)
    key = request.c.user_team + "/" + request.c.user
    op.execute(request.update().where(*from_elsewhere).values(served_for=key))
