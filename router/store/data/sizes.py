"""How much room each table takes, with its indexes."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from router.store import Store
from router.store.base.engine import reading

POSTGRESQL = text(
    "SELECT relname, pg_total_relation_size(oid) FROM pg_class"
    " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
)
SQLITE = text(
    "SELECT master.tbl_name, sum(stat.pgsize) FROM dbstat AS stat"
    " JOIN sqlite_master AS master ON master.name = stat.name"
    " WHERE stat.aggregate = TRUE GROUP BY master.tbl_name"
)


@dataclass(frozen=True, slots=True)
class DatabaseSize:
    """Bytes of the whole database, of what is free within it, and of each table with its indexes.

    `tables` is empty where SQLite was built without `dbstat`.
    """

    total: int
    free: int
    tables: dict[str, int]


def database_size(store: Store) -> DatabaseSize:
    """Returns the sizes now, the largest table first."""
    with reading(store.engine) as connection:
        if not store.is_embedded:
            total = int(
                connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one()
            )
            return DatabaseSize(total, 0, _ordered(connection, POSTGRESQL))

        pages, free, size = (
            int(connection.execute(text(f"PRAGMA {name}")).scalar_one())
            for name in ("page_count", "freelist_count", "page_size")
        )
        return DatabaseSize(pages * size, free * size, _sqlite_tables(connection))


def _sqlite_tables(connection: Connection) -> dict[str, int]:
    try:
        return _ordered(connection, SQLITE)
    except OperationalError:
        return {}  # a build without the virtual table


def _ordered(connection: Connection, query: object) -> dict[str, int]:
    found = connection.execute(query)  # type: ignore[call-overload]
    rows = [(str(row[0]), int(row[1])) for row in found]
    return dict(sorted(rows, key=lambda row: (-row[1], row[0])))
