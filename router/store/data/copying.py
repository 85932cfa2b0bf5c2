"""Copies a whole store into another one, of either kind, and proves that nothing is missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from sqlalchemy import Connection, Engine, Table, delete, func, select, text

from router.errors import StoreError
from router.store import Store
from router.store.base.engine import reading, writing
from router.store.base.knowledge_tables import chunk, chunk_vector
from router.store.base.tables import metadata
from router.store.data.raw_rows import (
    ROWS_AT_ONCE,
    TableState,
    count_rows,
    insert_raw,
    parameters,
    read_rows,
    table_state,
)
from router.store.knowledge.lexical import delete_page, insert_page
from router.store.knowledge.vectors_pgvector import PgvectorIndex
from router.store.usage.usage_tables import usage_event

Report = Callable[[str], None]
"""Takes a line that says what is being done."""


def copy_store(source: Store, target: Store, report: Report) -> Mapping[str, TableState]:
    """Copies every row into a store of the same schema; returns each table's rows and checksum.

    A copy that was interrupted goes on where it stopped: rows are copied in the order of their
    keys, so what the target has is the beginning of each table. Nobody may write to the target, and
    what is written to the source meanwhile is not copied. Raises StoreError if a table differs
    afterwards.
    """
    states, engine = {}, target.engine
    with reading(source.engine) as connection:
        for table in metadata.sorted_tables:
            if table is not usage_event:
                _copy_table(connection, engine, table, report)

        _copy_events(connection, engine)
        _build_indexes(engine, report)
        for table in metadata.sorted_tables:
            _advance_numbers(connection, engine, table)

        for table in metadata.sorted_tables:
            report(f"comparing {table.name}")
            states[table.name] = _compare(connection, engine, table)

    return states


def _copy_table(source: Connection, target: Engine, table: Table, report: Report) -> None:
    with reading(target) as connection:
        copied = count_rows(connection, table)

    if copied > count_rows(source, table):
        raise StoreError(
            f"copying the store: the table {table.name!r} of the target has {copied} rows, more "
            "than the source; choose an empty database"
        )

    for rows in read_rows(source, table, copied):
        with writing(target) as connection:
            connection.execute(insert_raw(connection, table), parameters(rows))

        copied += len(rows)
        report(f"{table.name}: {copied} rows")


def _copy_events(source: Connection, target: Engine) -> None:
    """Copies the events, in place of those that the copied rows made."""
    with writing(target) as connection:
        connection.execute(delete(usage_event))
        for rows in read_rows(source, usage_event):
            connection.execute(insert_raw(connection, usage_event), parameters(rows))


def _build_indexes(target: Engine, report: Report) -> None:
    """Builds the full-text index of pages, and on PostgreSQL that of vectors."""
    documents = select(chunk.c.document).distinct().order_by(chunk.c.document)
    with writing(target) as connection:
        numbers: list[int] = list(connection.execute(documents).scalars())
        report(f"indexing {len(numbers)} documents")
        for number in numbers:
            query = select(chunk.c.headings, chunk.c.body).where(chunk.c.document == number)
            parts = connection.execute(query.order_by(chunk.c.place)).all()
            body = "\n".join(f"{part.headings}\n{part.body}" for part in parts)
            delete_page(connection, number)
            insert_page(connection, number, body)

    if target.dialect.name == "postgresql":
        _build_vector_index(target)


def _build_vector_index(target: Engine) -> None:
    index = PgvectorIndex()
    with writing(target) as connection:
        rows = connection.execute(select(chunk_vector).order_by(chunk_vector.c.chunk)).all()
        for encoder in sorted({row.encoder for row in rows}):
            own = [row for row in rows if row.encoder == encoder]
            for start in range(0, len(own), ROWS_AT_ONCE):
                batch = own[start : start + ROWS_AT_ONCE]
                vectors = np.stack([np.frombuffer(row.vector, np.float32) for row in batch])
                index.add(connection, encoder, [row.chunk for row in batch], vectors)


def _advance_numbers(source: Connection, target: Engine, table: Table) -> None:
    """Lets the target go on numbering where the source stopped: no id is ever used twice."""
    column = table.autoincrement_column
    if column is None:
        return

    newest = source.execute(select(func.max(column))).scalar() or 0
    last = max(newest, _last_number(source, table))
    if not last:
        return

    with writing(target) as connection:
        if connection.dialect.name == "postgresql":
            sequence = _sequence(connection, table)
            current = _last_number(connection, table)
            connection.execute(
                text("SELECT setval(:sequence, :last)"),
                {"sequence": sequence, "last": max(last, current)},
            )
        elif table.dialect_options["sqlite"]["autoincrement"]:
            values = {"name": table.name, "last": last}
            connection.execute(
                text("DELETE FROM sqlite_sequence WHERE name = :name AND seq < :last"), values
            )
            connection.execute(
                text(
                    "INSERT INTO sqlite_sequence(name, seq) SELECT :name, :last WHERE NOT EXISTS "
                    "(SELECT 1 FROM sqlite_sequence WHERE name = :name)"
                ),
                values,
            )


def _last_number(connection: Connection, table: Table) -> int:
    """Returns the last number that the database gave out for the table, 0 if it keeps none."""
    if connection.dialect.name == "postgresql":
        last = text("SELECT coalesce(pg_sequence_last_value(:sequence), 0)")
        parameters = {"sequence": _sequence(connection, table)}
    elif table.dialect_options["sqlite"]["autoincrement"]:
        last = text("SELECT seq FROM sqlite_sequence WHERE name = :name")
        parameters = {"name": table.name}
    else:
        return 0

    return int(connection.execute(last, parameters).scalar() or 0)


def _sequence(connection: Connection, table: Table) -> str:
    column = table.autoincrement_column
    assert column is not None
    query = text("SELECT pg_get_serial_sequence(:table, :column)")
    names = {"table": table.name, "column": column.name}
    return str(connection.execute(query, names).scalar_one())


def _compare(source: Connection, target: Engine, table: Table) -> TableState:
    with reading(target) as connection:
        found = table_state(connection, table)

    expected = table_state(source, table)
    if found != expected:
        raise StoreError(
            f"copying the store: the table {table.name!r} has {found.rows} rows with checksum "
            f"{found.checksum:x}, expected {expected.rows} with {expected.checksum:x}; stop every "
            "process that uses the databases, empty the target and copy again"
        )

    return found
