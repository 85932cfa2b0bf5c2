"""Opens the database so that many threads and processes can write without losing to each other."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from router.errors import StoreError

BUSY_MILLISECONDS = 30_000
DIALECTS = ("postgresql", "sqlite")
WRITE_LOCK = 4_011_960
"""The advisory lock that makes PostgreSQL take one writer at a time, as SQLite does by itself."""


def open_engine(url: str) -> Engine:
    """An engine for `url`; no connection is made yet. A forked child starts with fresh connections.

    Raises StoreError for an unknown kind of database.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise StoreError(
            f"opening the store: {url!r} is no database URL; expected sqlite:///FILE or postgresql+psycopg://…"
        ) from error

    name = parsed.get_backend_name()
    if name not in DIALECTS:
        raise StoreError(f"opening the store: unknown kind {name!r}; known: {', '.join(DIALECTS)}")

    # A pool waits rather than fails when every thread of a full worker writes at once.
    try:
        engine = create_engine(
            parsed,
            pool_size=8,
            max_overflow=8,
            pool_timeout=BUSY_MILLISECONDS / 1000,
            # How many rows an insert made is known on SQLite by itself; PostgreSQL's driver has to
            # be told to keep it.
            execution_options={"preserve_rowcount": True},
        )
    except ModuleNotFoundError as error:
        raise StoreError(
            f"opening the store: the driver {error.name!r} for {name} is not installed; "
            "install beagle-slack[postgres] and write the URL as postgresql+psycopg://…"
        ) from error

    (_teach_sqlite if name == "sqlite" else _teach_postgresql)(engine)
    os.register_at_fork(after_in_child=lambda: engine.dispose(close=False))
    return engine


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A write transaction: committed at the end, rolled back on an error. There is one at a time on either database.

    On SQLite it takes the write lock at once: a transaction that reads first and writes later fails
    immediately when another one wrote in between, and no busy timeout helps it. On PostgreSQL an
    advisory lock gives the same promise, so that what is read in the transaction still holds when
    it writes.
    """
    with engine.connect().execution_options(write=True) as connection, connection.begin():
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that only reads: one consistent view, never waits for a writer."""
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.execution_options(isolation_level="REPEATABLE READ")

        with connection.begin():
            yield connection


def insert_for(engine: Engine) -> Any:
    """The database's own `insert`, which knows ON CONFLICT; SQLAlchemy's general one does not."""
    return (postgresql if engine.dialect.name == "postgresql" else sqlite).insert


def _teach_postgresql(engine: Engine) -> None:
    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if connection.get_execution_options().get("write"):
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITE_LOCK})")

    @event.listens_for(engine, "before_cursor_execute", retval=True)
    def _plain(
        _c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool
    ) -> tuple[str, Any]:
        # PostgreSQL's text cannot hold the character NUL, and a message that holds one must not be
        # lost for it.
        return statement, _without_nul(parameters)


def _without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\x00", "")
    if isinstance(value, dict):
        return {name: _without_nul(one) for name, one in value.items()}

    return (
        type(value)(_without_nul(one) for one in value)
        if isinstance(value, list | tuple)
        else value
    )


def _teach_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        for pragma in (
            f"busy_timeout={BUSY_MILLISECONDS}",
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "foreign_keys=ON",
            "secure_delete=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        write = connection.get_execution_options().get("write")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
