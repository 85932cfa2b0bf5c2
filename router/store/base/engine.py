"""Opens the database so that many threads and processes can write without losing to each other."""

from __future__ import annotations

import json
import os
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from router.errors import INSTALL_EXTRA, StoreAwayError, StoreError
from router.store.base.locks import Lock, take_locks
from router.store.base.outages import SERIALISATION, tell_outages_apart

BUSY_MILLISECONDS = 30_000
"""How long a write on SQLite waits for another one."""
POOL = 16
"""Connections of a process, where nobody says otherwise."""
POOL_SECONDS = 10.0
"""How long a thread waits for a free connection; people are told within 15 s that it takes long."""
CONNECT: dict[str, dict[str, object]] = {
    "sqlite": {},
    "postgresql": {
        # A pooler gives each transaction another connection, which knows none of the statements
        # that were prepared on the one before.
        "prepare_threshold": None,
        # A server that vanishes without a word is noticed within seconds, not after hours.
        "connect_timeout": 5,
        "keepalives_idle": 10,
        "keepalives_interval": 3,
        "keepalives_count": 3,
        "tcp_user_timeout": 10_000,
    },
}
"""Arguments of the drivers' `connect`, by dialect."""

DIALECTS = ("postgresql", "sqlite")

SERIAL_ATTEMPTS = 10
"""Times that work is done when others come between; then its caller hears of it."""

Result = TypeVar("Result")

ONE_STATEMENT = "one_statement"
"""The execution option of a connection for a single statement."""


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


def open_engine(url: str, pool: int = POOL) -> Engine:
    """Returns an engine for `url`, without connecting. A forked child gets fresh connections.

    It holds at most `pool` connections; whoever needs one more waits for `POOL_SECONDS`.

    Raises StoreError for an unknown kind of database, or if its driver is not installed.
    """
    parsed = parse_url(url)
    name = parsed.get_backend_name()
    if name not in DIALECTS:
        raise StoreError(f"opening the store: unknown kind {name!r}; known: {', '.join(DIALECTS)}")

    try:
        engine = create_engine(
            parsed,
            # A pool waits rather than fails when every thread of a full worker writes at once. The
            # connection that was used last is taken first, so those of a quiet process grow old.
            pool_size=pool,
            max_overflow=0,
            pool_timeout=POOL_SECONDS,
            pool_use_lifo=True,
            connect_args=CONNECT[name],
            # SQLite always tells how many rows an insert made; psycopg only with this.
            execution_options={"preserve_rowcount": True},
            json_serializer=_to_json,
        )
    except (ModuleNotFoundError, NoSuchModuleError) as error:
        raise StoreError(
            f"opening the store: the driver {parsed.get_driver_name()!r} for {name} is not "
            f"installed; {INSTALL_EXTRA.format('postgres')} and write the URL as "
            "postgresql+psycopg://…"
        ) from error

    if name == "sqlite":
        _configure_sqlite(engine)
    else:
        _configure_postgresql(engine)

    event.listen(engine, "before_execute", _refuse_second_statement)
    tell_outages_apart(engine)
    _engines.add(engine)
    return engine


def _to_json(value: object) -> str:
    """Returns the value as JSON without spaces: a tenth of what is stored of a decision.

    Raises ValueError for a number that is not finite: SQLite would keep it, PostgreSQL refuses it.
    """
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


# Held weakly: a hook for each engine could never be removed, and would keep its engine for ever.
_engines: weakref.WeakSet[Engine] = weakref.WeakSet()


def _leave_connections_to_the_parent() -> None:
    """Drops the connections in a forked child: two processes must not talk over one."""
    for engine in list(_engines):
        engine.dispose(close=False)


os.register_at_fork(after_in_child=_leave_connections_to_the_parent)


@contextmanager
def one_statement(engine: Engine) -> Iterator[Connection]:
    """Opens a connection for one statement, which is a transaction of its own, read or write.

    It costs one round trip to a server, where a transaction costs two more. A second statement
    raises RuntimeError: the two would not be atomic, so they need `reading` or `writing`.
    """
    options: dict[str, Any] = {ONE_STATEMENT: True}
    if engine.dialect.name == "postgresql":
        options["isolation_level"] = "AUTOCOMMIT"

    with _connect(engine).execution_options(**options) as connection:
        connection.info[ONE_STATEMENT] = 0
        yield connection


@contextmanager
def writing(engine: Engine, *locks: Lock) -> Iterator[Connection]:
    """Opens a write transaction: committed at the end, rolled back on an error.

    On SQLite it takes the one write lock at once, so that what it reads still holds when it writes;
    a transaction that reads first and writes later fails immediately if another one wrote in
    between, and no busy timeout helps it. PostgreSQL lets transactions run side by side (READ
    COMMITTED): rows that are read to be written need FOR UPDATE or a condition in the write itself,
    and where neither is enough the transaction names its `locks` (see `locks.py`).
    """
    with _connect(engine).execution_options(write=True) as connection, connection.begin():
        take(connection, *locks)
        yield connection


def repeat_until_serial(engine: Engine, work: Callable[[Connection], Result]) -> Result:
    """Runs `work` in a transaction as if it ran alone, and commits; returns its result.

    For work that reads much and writes what it read in another form. On PostgreSQL it is
    SERIALIZABLE: where another transaction came between, all of `work` is done again, up to
    `SERIAL_ATTEMPTS` times, so it must do nothing but read and write rows.
    """
    for _ in range(SERIAL_ATTEMPTS - 1):
        try:
            return _in_serial_transaction(engine, work)
        except StoreAwayError as error:
            if error.state not in SERIALISATION:
                raise

    return _in_serial_transaction(engine, work)


def _in_serial_transaction(engine: Engine, work: Callable[[Connection], Result]) -> Result:
    with _connect(engine).execution_options(write=True) as connection:
        if engine.dialect.name == "postgresql":
            connection.execution_options(isolation_level="SERIALIZABLE")

        with connection.begin():
            return work(connection)


def take(connection: Connection, *locks: Lock) -> None:
    """Waits for the locks within a write transaction; nothing to do where there is one writer."""
    if locks and connection.dialect.name == "postgresql":
        connection.exec_driver_sql(take_locks(locks))


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Opens a read transaction: one consistent view, which never waits for a writer."""
    with _connect(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.execution_options(isolation_level="REPEATABLE READ")

        with connection.begin():
            yield connection


def _connect(engine: Engine) -> Connection:
    try:
        return engine.connect()
    except PoolTimeoutError as error:
        raise StoreAwayError(
            f"using the store: no connection was free for {POOL_SECONDS:.0f} s; raise "
            "BEAGLE_DATABASE_POOL, or lower BEAGLE_CONCURRENCY"
        ) from error


def insert_for(engine: Engine) -> Any:
    """Returns the dialect's own `insert`, with ON CONFLICT; SQLAlchemy's general one lacks it."""
    return postgresql.insert if engine.dialect.name == "postgresql" else sqlite.insert


def _refuse_second_statement(connection: Connection, *_: object) -> None:
    if not connection.get_execution_options().get(ONE_STATEMENT):
        return

    connection.info[ONE_STATEMENT] += 1
    if connection.info[ONE_STATEMENT] > 1:
        raise RuntimeError("a second statement in `one_statement`: use `reading` or `writing`")


def _configure_postgresql(engine: Engine) -> None:
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
            # Before the first page is written; an older file takes it over when it is rewritten.
            "auto_vacuum=INCREMENTAL",
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "foreign_keys=ON",
            "secure_delete=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        # Outside of a transaction each statement is one of its own.
        if not options.get(ONE_STATEMENT):
            connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("write") else "BEGIN")
