"""A workspace removed Beagle: nothing of it is left."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import delete, select

from router.store import Store
from router.store.base.knowledge_tables import document
from router.store.base.tables import metadata
from router.store.base.workspace_tables import installation
from router.store.knowledge.index import Knowledge
from router.store.usage.spend import spend
from workers.privacy.erasure import scrub


def purge(store: Store, team: str) -> Mapping[str, int]:
    """Every row of the workspace is gone, and its bytes with it; how many, by table. Calling it twice is safe."""
    with store.begin() as connection:
        keys: list[str] = list(
            connection.execute(select(document.c.key).where(document.c.team == team)).scalars()
        )

    # The full-text index is kept beside its table, so documents go the way they came.
    rows = {"document": Knowledge(store.engine).delete(team, keys)}
    with store.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            # What hangs on a request goes with it. The install goes last, so that a stop half way
            # is done again.
            if "team" in table.c and table is not installation:
                rows[table.name] = (
                    rows.get(table.name, 0)
                    + connection.execute(delete(table).where(table.c.team == team)).rowcount
                )

        own = spend.c.key.startswith(f"{team}/", autoescape=True) | (spend.c.key == team)
        rows["spend"] = connection.execute(delete(spend).where(own)).rowcount
        rows["installation"] = connection.execute(
            delete(installation).where(installation.c.team == team)
        ).rowcount

    scrub(store)
    return rows
