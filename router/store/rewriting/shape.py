"""What a table of PostgreSQL consists of, as the statements that make it again.

All definitions are PostgreSQL's own, so that a table that was made from them has the same dump.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from router.errors import StoreError
from router.store.rewriting.catalog import (
    COLUMNS,
    DEFINITION,
    FOREIGN_KEYS,
    GRANTS,
    INDEXES,
    NAMED,
    OBSTACLES,
    OPTIONS,
    SEQUENCES,
    TRIGGERS,
)


@dataclass(frozen=True, slots=True)
class IndexShape:
    """An index: its name, how its definition begins and ends around name and table.

    `constraint` is the word for it where it belongs to a constraint of the same name: `PRIMARY KEY`
    or `UNIQUE`.
    """

    name: str
    beginning: str
    ending: str
    constraint: str
    deferring: str

    @property
    def is_primary(self) -> bool:
        """Whether it finds the rows by their primary key."""
        return self.constraint == "PRIMARY KEY"


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """A foreign key of `table` to `parent`; `definition` comes after its name. Names are quoted."""

    name: str
    table: str
    parent: str
    definition: str


@dataclass(frozen=True, slots=True)
class TableShape:
    """A table with everything that hangs on it. All names are quoted and have their schema.

    `definition` is compared: two tables with the same one cannot be told apart by a dump. It leaves
    out whether foreign keys are validated. `written` are the columns that a copy writes, the others
    are generated.
    """

    schema: str
    table: str
    bare: str
    owner: str
    key: Sequence[str]
    written: Sequence[str]
    indexes: Sequence[IndexShape]
    foreign_keys: Sequence[ForeignKey]
    triggers: Sequence[str]
    sequences: Sequence[tuple[str, str]]
    settings: Sequence[str]
    definition: str

    @property
    def neighbours(self) -> list[str]:
        """The other tables that share a foreign key with it, in either direction."""
        names = {name for key in self.foreign_keys for name in (key.table, key.parent)}
        return sorted(names - {self.table})


def find_obstacle(connection: Connection, table: str) -> str:
    """Returns why the table cannot be copied and exchanged, in a few words; empty if it can."""
    found = connection.exec_driver_sql(OBSTACLES, {"table": table}).scalar()
    return str(found or "")


def read_shape(connection: Connection, table: str) -> TableShape:
    """Returns the shape of a table that lies in the current schema.

    Raises StoreError where its definition cannot be read apart.
    """
    values = {"table": table}
    named = connection.exec_driver_sql(NAMED, values).one()
    columns = connection.exec_driver_sql(COLUMNS, values).all()
    in_key = [row for row in columns if row.place is not None]
    triggers: Sequence[str] = connection.exec_driver_sql(TRIGGERS, values).scalars().all()
    grants: Sequence[str] = connection.exec_driver_sql(GRANTS, values).scalars().all()
    options: Sequence[str] = connection.exec_driver_sql(OPTIONS, values).scalars().all()
    foreign_keys = connection.exec_driver_sql(FOREIGN_KEYS, values).all()
    sequences = connection.exec_driver_sql(SEQUENCES, values).all()

    return TableShape(
        schema=named[0],
        table=named[1],
        bare=named[2],
        owner=named[3],
        key=[row.name for row in sorted(in_key, key=lambda row: int(row.place))],
        written=[row.name for row in columns if not row.generated],
        indexes=_read_indexes(connection, table),
        foreign_keys=[ForeignKey(row[0], row[1], row[2], row[3]) for row in foreign_keys],
        triggers=triggers,
        sequences=[(row.sequence, row.owned) for row in sequences],
        settings=[*options, *grants],
        definition=read_definition(connection, table),
    )


def read_definition(connection: Connection, table: str) -> str:
    """Returns everything that a dump would say of the table, as JSON."""
    return str(connection.exec_driver_sql(definition_of(table)).scalar_one())


def definition_of(table: str) -> str:
    """Returns the query for a table's definition."""
    return DEFINITION.replace("%(table)s", "'" + table.replace("'", "''") + "'")


def _read_indexes(connection: Connection, table: str) -> list[IndexShape]:
    found = []
    for row in connection.exec_driver_sql(INDEXES, {"table": table}):
        before = f"{row.beginning}{row.name} ON {row.table_name} "
        if not row.definition.startswith(before):
            raise StoreError(
                f"rewriting table {table!r}: the index {row.name} begins with another text than "
                f"{before!r}; rewrite the table with VACUUM FULL"
            )

        ending = row.definition.removeprefix(before)
        found.append(IndexShape(row.name, row.beginning, ending, row.kind, row.deferring))

    return found
