"""Removes what a rewrite left that was killed, and completes what it had nearly done."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from router.errors import StoreAwayError
from router.store.rewriting.brief import BUSY, Limits, briefly, run, state_of, transaction
from router.store.rewriting.catalog import PREFIX
from router.store.rewriting.statements import block

FUNCTIONS = (
    "SELECT quote_ident(current_schema()) || '.' || quote_ident(proname) FROM pg_proc"
    f" WHERE pronamespace = current_schema()::regnamespace AND starts_with(proname, '{PREFIX}')"
    " ORDER BY 1"
)
TABLES = (
    "SELECT quote_ident(current_schema()) || '.' || quote_ident(relname) FROM pg_class"
    " WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'"
    f" AND starts_with(relname, '{PREFIX}') ORDER BY 1"
)
UNVALIDATED = (
    "SELECT conrelid::regclass::text, quote_ident(conname) FROM pg_constraint"
    " WHERE contype = 'f' AND NOT convalidated"
    " AND (conrelid::regclass::text = ANY(%(tables)s)"
    " OR confrelid::regclass::text = ANY(%(tables)s)) ORDER BY 1, 2"
)


def leftover_drops(connection: Connection) -> list[str]:
    """Returns the statements that remove every left-over of the current schema."""
    functions: Sequence[str] = connection.exec_driver_sql(FUNCTIONS).scalars().all()
    # The triggers go with their functions, and first: without the log each write would fail.
    drops = [f"DROP FUNCTION IF EXISTS {name}() CASCADE" for name in functions]
    tables: Sequence[str] = connection.exec_driver_sql(TABLES).scalars().all()
    return [*drops, *(f"DROP TABLE IF EXISTS {name}" for name in tables)]


def remove_leftovers(connection: Connection, limits: Limits) -> None:
    """Removes every left-over. Calling it again is safe.

    Raises ObstacleError where a table was in use all the time; DBAPIError or StoreAwayError.
    """
    with transaction(connection):
        drops = leftover_drops(connection)

    if drops:
        briefly(connection, block("leftovers", *drops), limits)


def unvalidated_keys(connection: Connection, tables: Sequence[str]) -> list[tuple[str, str]]:
    """Returns the foreign keys from or to the tables whose rows are not checked yet.

    Each as its table and its name.
    """
    with transaction(connection):
        rows = connection.exec_driver_sql(UNVALIDATED, {"tables": list(tables)})
        return [(row[0], row[1]) for row in rows]


def validate_foreign_keys(
    connection: Connection, keys: Iterable[tuple[str, str]], limits: Limits
) -> None:
    """Checks every row against the foreign keys. Readers and writers go on.

    Where somebody changes the definition of a table all the time, it stays for the next time.
    """
    for table, name in keys:
        for _ in range(limits.attempts):
            try:
                with transaction(connection):
                    run(connection, f"SET LOCAL lock_timeout = {limits.lock_milliseconds}")
                    run(connection, f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")
            except (DBAPIError, StoreAwayError) as error:
                if state_of(error) not in BUSY:
                    raise
            else:
                break
