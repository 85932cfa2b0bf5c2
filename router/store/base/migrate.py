"""Brings a database to the schema that this code needs, whichever process comes first."""

from __future__ import annotations

import functools
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from router.errors import StoreError
from router.store.base.engine import reading, writing
from router.store.rewriting.brief import Limits, ObstacleError
from router.store.rewriting.leftovers import remove_leftovers

LIMITS = Limits()
"""How long others may wait while a rewrite is broken off."""


def migrate(engine: Engine, target: str = "head") -> None:
    """Applies every migration up to `target` that is still missing, in one transaction.

    Raises StoreError if a newer Beagle made the schema, or if PostgreSQL lacks pgvector.
    """
    config = alembic_config()
    newest = newest_revision()

    # Nearly always there is nothing to do, and then no process waits for the write lock.
    with reading(engine) as connection:
        if stored_revision(connection) == newest:
            return

    if engine.dialect.name == "postgresql":
        _break_off_rewrite(engine)

    with writing(engine, ("migrations",)) as connection:
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, target)
        except CommandError as error:
            raise StoreError(
                f"migrating the store: found revision {stored_revision(connection)!r}, this Beagle "
                f"knows up to {newest!r}; start the newer Beagle again, or open a backup made "
                "before it"
            ) from error
        except DBAPIError as error:
            if engine.dialect.name == "postgresql" and "vector" in str(error.orig):
                raise StoreError(
                    "migrating the store: this PostgreSQL server cannot switch on the extension "
                    "'vector'; install pgvector on the server, or let a superuser run CREATE "
                    "EXTENSION vector in this database once"
                ) from error

            raise


def _break_off_rewrite(engine: Engine) -> None:
    """Removes the copy and the triggers of a rewrite, so that no migration meets them.

    One that is under way fails, and is tried again in the next night. Bots of an older release may
    still serve, so the locks are not those of the migrations' transaction, which last as long.
    """
    try:
        with engine.connect() as connection:
            remove_leftovers(connection, LIMITS)
    except ObstacleError as error:
        raise StoreError(
            f"migrating the store: what a rewrite of a table left could not be removed ({error}); "
            "start Beagle again when no long transaction is using the database"
        ) from error


def check_revision(engine: Engine) -> None:
    """Raises StoreError unless the schema is the one that this code needs; changes nothing."""
    with reading(engine) as connection:
        found = stored_revision(connection)

    if found != newest_revision():
        raise StoreError(
            f"looking at the store: found revision {found!r}, this Beagle needs "
            f"{newest_revision()!r}; make a backup and start Beagle, which migrates it"
        )


def alembic_config() -> Config:
    """Returns the settings with which Alembic finds the migrations."""
    config = Config()
    folder = Path(__file__).parents[1] / "migrations"
    # Alembic's settings interpolate percent signs.
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    return config


@functools.cache
def newest_revision() -> str | None:
    """Returns the revision that this code needs; reading every migration takes a while."""
    return ScriptDirectory.from_config(alembic_config()).get_current_head()


def stored_revision(connection: Connection) -> str | None:
    """Returns the revision of a database, None where no migration has run yet."""
    return MigrationContext.configure(connection).get_current_revision()
