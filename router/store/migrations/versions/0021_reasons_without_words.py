"""Removes the words of similar messages from the reasons of stored decisions.

A decision named its nearest examples with their texts, which other people had written. It holds
ids now, and the words are looked up with the rights of whoever reads the explanation.
"""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

ROWS = 500
"""Decisions read at a time, so that memory stays flat."""


def upgrade() -> None:
    """Rewrites every reason that quotes an example."""
    columns = (
        sa.column("request", sa.Text()),
        sa.column("revision", sa.Integer()),
        sa.column("reason", sa.JSON()),
    )
    table = sa.table("decision", *columns)
    connection = op.get_bind()
    after: tuple[str, int] = ("", -1)

    while True:
        # By key, because rows that were updated must not be met again.
        place = sa.tuple_(table.c.request, table.c.revision)
        query = sa.select(table).where(place > sa.tuple_(*map(sa.literal, after)))
        query = query.order_by(table.c.request, table.c.revision).limit(ROWS)
        rows = connection.execute(query).all()
        if not rows:
            return

        for row in rows:
            reason = without_words(row.reason)
            if reason != row.reason:
                same = (table.c.request == row.request, table.c.revision == row.revision)
                connection.execute(table.update().where(*same).values(reason=reason))

        after = (rows[-1].request, rows[-1].revision)


def without_words(reason: object) -> object:
    """Returns the reason, naming only route, source and likeness of its nearest examples."""
    if not isinstance(reason, Mapping) or "nearest" not in reason:
        return reason

    nearest = []
    for example in reason["nearest"]:
        # The oldest ones are plain texts, of which nothing else is known.
        if isinstance(example, Mapping):
            nearest.append({key: value for key, value in example.items() if key != "text"})

    return {**reason, "nearest": nearest}
