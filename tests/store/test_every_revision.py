"""A database of every earlier release is brought up to date with data in each of its tables."""

from __future__ import annotations

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, func, inspect, select

from router.store import open_store
from router.store.base.engine import open_engine
from router.store.base.migrate import alembic_config, migrate
from tests.fixtures.every_row import ROWS, fill_every_table, table_names

# SQLAlchemy does not know pgvector's type.
pytestmark = pytest.mark.filterwarnings("ignore:Did not recognize type 'vector'")

REMOVED = {"mined_vector": "0025 drops embeddings of which nobody knows whose they were"}
"""Tables whose rows a migration removes, each with its reason."""
ON_POSTGRESQL = ("0012", "0018")
"""Revisions tried there: a schema takes seconds."""


def revisions() -> list[str]:
    """Every third revision and the last few before the newest, oldest first."""
    scripts = ScriptDirectory.from_config(alembic_config()).walk_revisions()
    older = sorted(script.revision for script in scripts)[:-1]
    return sorted({*older[::3], *older[-3:]})


def counts_after(url: str, revision: str) -> dict[str, int]:
    """Fills a database of that revision, opens it, and counts the rows of its old tables."""
    engine = open_engine(url)
    migrate(engine, revision)
    found = MetaData()
    names = table_names(dict.fromkeys(inspect(engine).get_table_names()))
    found.reflect(engine, only=sorted(names))
    with engine.begin() as connection:
        fill_every_table(connection, found)

    engine.dispose()
    store = open_store(url)
    with store.engine.connect() as connection:
        counts = {
            name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for name, table in found.tables.items()
        }

    store.close()
    return counts


def lost(counts: dict[str, int]) -> dict[str, int]:
    return {name: count for name, count in counts.items() if count < ROWS and name not in REMOVED}


def test_no_row_is_lost_on_the_way_from_an_earlier_revision(tmp_path) -> None:
    losses = {}
    for revision in revisions():
        found = lost(counts_after(f"sqlite:///{tmp_path}/{revision}.db", revision))
        if found:
            losses[revision] = found

    assert losses == {}


@pytest.mark.parametrize("revision", ON_POSTGRESQL)
def test_no_row_is_lost_on_a_server(databases, revision) -> None:
    assert lost(counts_after(databases.empty(), revision)) == {}
