"""Opens the database so that many threads and processes can write without losing to each other."""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from router.errors import StoreError

BUSY_MILLISECONDS = 30_000
"""How long a write waits for another one."""

DIALECTS = ("postgresql", "sqlite")

WRITE_LOCK = 4_011_960
"""The key of the advisory lock that gives PostgreSQL one writer at a time, as SQLite has."""


def parse_url(url: str) -> URL:
    """Returns the parts of a database URL. Raises StoreError, which never repeats the URL.

    Most URLs have a password, and in a broken one nobody can tell where.
    """
    try:
        return make_url(url)
    except (ArgumentError, ValueError):
        raise StoreError(
            "opening the store: DATABASE_URL is no database URL; expected sqlite:///FILE or "
            "postgresql+psycopg://USER:PASSWORD@HOST/NAME; look for a missing `:` or `/`, and "
            "write special characters of the password as %XX"
        ) from None


def open_engine(url: str) -> Engine:
    """Returns an engine for `url`, without connecting. A forked child gets fresh connections.

    Raises StoreError for an unknown kind of database, or if its driver is not installed.
    """
    parsed = parse_url(url)
    name = parsed.get_backend_name()
    if name not in DIALECTS:
        raise StoreError(f"opening the store: unknown kind {name!r}; known: {', '.join(DIALECTS)}")

    try:
        engine = create_engine(
            parsed,
            # A pool waits rather than fails when every thread of a full worker writes at once.
            pool_size=8,
            max_overflow=8,
            pool_timeout=BUSY_MILLISECONDS / 1000,
            # SQLite always tells how many rows an insert made; psycopg only with this.
            execution_options={"preserve_rowcount": True},
        )
    except (ModuleNotFoundError, NoSuchModuleError) as error:
        raise StoreError(
            f"opening the store: the driver {parsed.get_driver_name()!r} for {name} is not "
            "installed; install beagle-slack[postgres] and write the URL as postgresql+psycopg://…"
        ) from error

    if name == "sqlite":
        _configure_sqlite(engine)
    else:
        _configure_postgresql(engine)

    _engines.add(engine)
    return engine


# Held weakly: a hook for each engine could never be removed, and would keep its engine for ever.
_engines: weakref.WeakSet[Engine] = weakref.WeakSet()


def _leave_connections_to_the_parent() -> None:
    """Drops the connections in a forked child: two processes must not talk over one."""
    for engine in list(_engines):
        engine.dispose(close=False)


os.register_at_fork(after_in_child=_leave_connections_to_the_parent)


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Opens a write transaction, one at a time: committed at the end, rolled back on an error.

    What is read in it still holds when it writes. On SQLite it takes the write lock at once: a
    transaction that reads first and writes later fails immediately if another one wrote in between,
    and no busy timeout helps it. On PostgreSQL an advisory lock gives the same guarantee.
    """
    with engine.connect().execution_options(write=True) as connection, connection.begin():
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Opens a read transaction: one consistent view, which never waits for a writer."""
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.execution_options(isolation_level="REPEATABLE READ")

        with connection.begin():
            yield connection


def insert_for(engine: Engine) -> Any:
    """Returns the dialect's own `insert`, with ON CONFLICT; SQLAlchemy's general one lacks it."""
    return postgresql.insert if engine.dialect.name == "postgresql" else sqlite.insert


def _configure_postgresql(engine: Engine) -> None:
    @event.listens_for(engine, "begin")
    def _lock(connection: Connection) -> None:
        if connection.get_execution_options().get("write"):
            # Released by the end of the transaction.
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITE_LOCK})")

    @event.listens_for(engine, "before_cursor_execute", retval=True)
    def _strip_nul(
        _connection: Any,
        _cursor: Any,
        statement: str,
        parameters: object,
        _context: Any,
        _many: bool,
    ) -> tuple[str, object]:
        # PostgreSQL's text cannot hold NUL, and a message that holds one must not be lost for it.
        return statement, _without_nul(parameters)


def _without_nul(value: object) -> object:
    """Returns the parameters, nested in any way, without the character NUL."""
    if isinstance(value, str):
        return value.replace("\x00", "")
    if isinstance(value, dict):
        return {name: _without_nul(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_without_nul(item) for item in value]
    if isinstance(value, tuple):
        return tuple(_without_nul(item) for item in value)

    return value


def _configure_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _: object) -> None:
        # The driver's own BEGIN comes too late, so transactions are begun below.
        connection.isolation_level = None
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
