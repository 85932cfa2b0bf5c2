"""Gives each fact about a route version a column of its own.

`share` had one meaning in each state. In shadow, 1 said that the version answers beside the live
one, 0 that it waits to be judged. In canary it was the share of users. Live, 1 said that a rollout
had promoted the version, 0 that the route's file had. Retired, -1 marked the version to roll back
to.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Adds the columns, converts the rows, drops `share`."""
    columns: tuple[sa.Column[object], ...] = (
        sa.Column("rollout_share", sa.Float(), nullable=False, server_default="0"),
        sa.Column("shadowing", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("origin", sa.Text(), nullable=False, server_default="file"),
        sa.Column("previous_live", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    for column in columns:
        op.add_column("route_version", column)

    names = ("state", "share", "rollout_share", "shadowing", "origin", "previous_live")
    table = sa.table("route_version", *(sa.column(name) for name in names))
    positive = table.c.share > 0

    for where, values in (
        ((table.c.state == "shadow", positive), {"shadowing": sa.true()}),
        ((table.c.state == "canary", positive), {"rollout_share": table.c.share}),
        ((table.c.state == "live", positive), {"origin": "rollout"}),
        ((table.c.state == "retired", table.c.share == -1.0), {"previous_live": sa.true()}),
    ):
        op.execute(table.update().where(*where).values(values))

    op.drop_column("route_version", "share")
