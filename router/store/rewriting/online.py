"""Copies a table into a new one and exchanges the two, while others read and write.

1. The copy is made empty, and triggers log the key of each row that changes.
2. Rows are copied in the order of the primary key, some at a time, then the logged ones again.
3. Under a lock that readers do not notice the rest of the log is applied, and from then on each
   transaction writes both tables itself.
4. Once every transaction is over whose snapshot is older than that, the two tables are the same to
   everybody. Then they change places, under a lock that everybody notices, in which no row is
   written.
5. Foreign keys, which were made without looking at the rows, are validated.

Why not the log up to the end: a transaction with an older snapshot would not see the rows that the
exchange itself writes. docs/decisions/0025-online-rewrite.md compares other ways.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from router.errors import StoreError
from router.store.rewriting import statements
from router.store.rewriting.brief import (
    Limits,
    ObstacleError,
    briefly,
    pause,
    refuse_if_stopped,
    run,
    state_of,
    transaction,
)
from router.store.rewriting.leftovers import remove_leftovers, validate_foreign_keys
from router.store.rewriting.shape import TableShape, find_obstacle, read_definition, read_shape
from router.store.rewriting.statements import SHAPE_CHANGED, Names

COMPARED_EARLY = ("table", "columns")
"""Parts of a definition that the empty copy has from the beginning."""

OLD_SNAPSHOTS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND usesysid IS NOT NULL AND pid <> pg_backend_pid()"
    " AND age(backend_xmin) >= age(%(xid)s::text::xid)"
)


class OnlineRewrite:
    """One rewrite of one table, over a connection that is in no transaction.

    `steps` does it. Whoever stops in between, or is killed, leaves a table that works; what is left
    beside it is removed by `remove_leftovers`.
    """

    def __init__(self, connection: Connection, table: str, limits: Limits) -> None:
        self._connection = connection
        self._table = table
        self._limits = limits

    def steps(self) -> Iterator[str]:
        """Rewrites the table; yields the name of each step after it is committed.

        Raises ObstacleError where that is not possible, DBAPIError or StoreError where it fails.
        """
        with transaction(self._connection):
            obstacle = find_obstacle(self._connection, self._table)
            if obstacle:
                raise ObstacleError(obstacle)

            shape = read_shape(self._connection, self._table)
            names = Names(shape.schema, secrets.token_hex(4))
            self._create(shape, names)
        yield "created"

        briefly(self._connection, statements.start_log(shape, names), self._limits)
        yield "log"

        yield from self._copy(shape, names)
        yield from self._index(shape, names)
        xid = briefly(
            self._connection,
            statements.start_mirror(shape, names),
            self._limits,
            # Of what was logged long ago, so that little is left for when writers wait.
            before=lambda: self._replay(shape, names),
        )
        yield "mirror"

        self._wait_for_older(xid)
        yield "waited"

        briefly(self._connection, statements.exchange(shape, names), self._limits)
        yield "exchanged"

        keys = [(key.table, key.name) for key in shape.foreign_keys]
        validate_foreign_keys(self._connection, keys, self._limits)
        yield "validated"

    def _create(self, shape: TableShape, names: Names) -> None:
        made = [*statements.create_copy(shape, names), *statements.create_functions(shape, names)]
        for statement in made:
            run(self._connection, statement)

        old = json.loads(shape.definition)
        new = json.loads(read_definition(self._connection, names.bare_copy))
        for part in COMPARED_EARLY:
            if old[part] != new[part]:
                raise ObstacleError(f"a copy would have another definition of {part}")

    def _copy(self, shape: TableShape, names: Names) -> Iterator[str]:
        rows = self._limits.chunk_rows
        after: dict[str, object] = {}
        while True:
            query = statements.find_chunk_end(shape, rows, first=not after)
            with transaction(self._connection):
                end = self._connection.exec_driver_sql(query, after).first()
                values = [] if end is None else list(end)
                upto = {f"to{number}": value for number, value in enumerate(values)}
                statement = statements.copy_chunk(shape, names, first=not after, last=end is None)
                self._connection.exec_driver_sql(statement, {**after, **upto})
            yield "rows"

            if end is None:
                return

            after = {f"after{number}": value for number, value in enumerate(values)}

    def _index(self, shape: TableShape, names: Names) -> Iterator[str]:
        """Makes the indexes. Only after the log is applied are other keys than the first unique."""
        primary = [number for number, index in enumerate(shape.indexes) if index.is_primary]
        others = [number for number in range(len(shape.indexes)) if number not in primary]
        for number in primary:
            with transaction(self._connection):
                run(self._connection, statements.create_index(shape, names, number))
        yield "primary"

        self._replay(shape, names)
        yield "replay"

        for number in others:
            with transaction(self._connection):
                run(self._connection, statements.create_index(shape, names, number))
            yield "index"

        with transaction(self._connection):
            run(self._connection, f"ANALYZE {names.copy}")
        yield "analyzed"

    def _replay(self, shape: TableShape, names: Names) -> None:
        with transaction(self._connection):
            run(self._connection, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            for statement in statements.replay(shape, names):
                run(self._connection, statement)

    def _wait_for_older(self, xid: str) -> None:
        """Waits until nobody has a snapshot any more that is older than that transaction."""
        pauses = self._limits.snapshot_seconds * 1000 / max(self._limits.pause_milliseconds, 1)
        tries = 1 + int(pauses)
        for _ in range(tries):
            with transaction(self._connection):
                if not self._connection.exec_driver_sql(OLD_SNAPSHOTS, {"xid": xid}).scalar():
                    return

            pause(self._connection, self._limits)

        raise ObstacleError("a transaction has been reading for too long, such as a backup")


def rewrite_online(engine: Engine, table: str, limits: Limits) -> None:
    """Rewrites the table. Raises ObstacleError, DBAPIError or StoreError; then it is as before.

    RewriteStoppedError comes after the present step at the latest.
    """
    with engine.connect() as connection:
        try:
            for _ in OnlineRewrite(connection, table, limits).steps():
                refuse_if_stopped(limits)
        except (DBAPIError, StoreError) as error:
            connection.rollback()
            remove_leftovers(connection, limits)
            if state_of(error) == SHAPE_CHANGED:
                reason = "its definition has changed meanwhile, or a copy has another one"
                raise ObstacleError(reason) from error

            raise
