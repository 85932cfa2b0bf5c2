"""Brings a database to the schema this code needs, once, whoever comes first."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, text

from router.errors import StoreError
from router.store.engine import reading, writing

# Any number of processes may start together on PostgreSQL; this advisory lock lets them through one by one.
# SQLite's write lock does the same by itself.
MIGRATION_LOCK = 4_011_961


def migrate(engine: Engine) -> None:
    """The schema is the newest one. Raises StoreError when it was made by a newer Beagle."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    wanted = ScriptDirectory.from_config(config).get_current_head()
    with reading(engine) as connection:
        if _revision(connection) == wanted:
            return
    with writing(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise StoreError(
                f"migrating the store: found revision {_revision(connection)!r}, this Beagle knows up to {wanted!r}; "
                "start the newer Beagle again, or open a backup made before it"
            ) from error


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()
