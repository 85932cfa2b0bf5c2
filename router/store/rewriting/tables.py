"""Rewrites tables of PostgreSQL one after the other, so that bytes of deleted rows leave the files.

A small table is rewritten by `VACUUM (FULL)`, which shuts out its readers for a moment. A larger
one is copied and exchanged (`online.py`), which takes longer and shuts out nobody for as long.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from router.errors import StoreAwayError, StoreError
from router.store.base.locks import lock_key
from router.store.rewriting.brief import (
    BUSY,
    IN_USE,
    QUERY_CANCELED,
    STILL_IN_FILES,
    Limits,
    ObstacleError,
    pause,
    refuse_if_stopped,
    run,
    state_of,
    transaction,
)
from router.store.rewriting.leftovers import (
    leftover_drops,
    remove_leftovers,
    unvalidated_keys,
    validate_foreign_keys,
)
from router.store.rewriting.online import rewrite_online

TOO_SLOW = "VACUUM FULL took too long"
NO_RIGHT = "the database user may not rewrite it"
NO_ROOM = "53"
"""The class of errors that say that disk, memory or connections are used up."""
KEY = lock_key(("rewrite",))
LEFT = "what an earlier rewrite left"
STATISTICS = "pg_statistic"
SAMPLED = text(
    "SELECT EXISTS (SELECT FROM pg_stats AS sample JOIN pg_attribute AS attribute"
    " ON attribute.attname = sample.attname AND attribute.attstattarget = 0"
    " WHERE sample.schemaname = current_schema() AND sample.tablename = :table"
    " AND attribute.attrelid = CAST(quote_ident(:table) AS regclass))"
)
FILE = text("SELECT pg_relation_filenode(CAST(quote_ident(:table) AS regclass))")
SIZE = text("SELECT pg_total_relation_size(CAST(quote_ident(:table) AS regclass))")


def rewrite_tables(engine: Engine, tables: Sequence[str], limits: Limits) -> None:
    """Rewrites each table, or says which it could not and why.

    One process at a time does this. Raises StoreError and no error of the database's driver;
    StoreAwayError where the server is away.
    """
    with _only_store_errors(), _alone(engine, limits):
        reasons = {LEFT: _reason_of(lambda: _finish_earlier(engine, tables, limits))}
        sampled = {table for table in tables if _is_sampled(engine, table)}
        for table in tables:
            refuse_if_stopped(limits)
            reasons[table] = _rewrite(engine, table, limits, online=table in sampled)

        reasons[STATISTICS] = _rewrite_statistics(engine, limits, needed=bool(sampled))

    left = [f"{table} ({reason})" for table, reason in reasons.items() if reason]
    if left:
        raise StoreError(
            f"erasing bytes: {', '.join(left)} could not be rewritten; {STILL_IN_FILES}, or "
            "let an administrator of the server run VACUUM FULL on it when nobody is waiting"
        )


def remove_abandoned(engine: Engine, limits: Limits) -> None:
    """Removes what a killed rewrite left, unless a process is rewriting now.

    Its copy has rows that may have been deleted since. Raises StoreError.
    """
    with _only_store_errors(), engine.connect() as connection:
        with transaction(connection):
            if not leftover_drops(connection):
                return

        with engine.connect() as holder:
            if _try_lock(holder):
                remove_leftovers(connection, limits)


@contextmanager
def _only_store_errors() -> Iterator[None]:
    """Turns errors of the driver into StoreError: who deletes something goes on after those."""
    try:
        yield
    except DBAPIError as error:
        raise StoreError(
            f"erasing bytes: the server refused a statement ({state_of(error)}); {STILL_IN_FILES}"
        ) from error


@contextmanager
def _alone(engine: Engine, limits: Limits) -> Iterator[None]:
    """Holds the lock of all rewrites. Its transaction has no snapshot, so it holds nothing up."""
    with engine.connect() as connection:
        _take_lock(connection, limits)
        try:
            yield
        finally:
            connection.rollback()


def _take_lock(connection: Connection, limits: Limits) -> None:
    for _ in range(1 + int(limits.turn_seconds * 1000 / max(limits.pause_milliseconds, 1))):
        if _try_lock(connection):
            return

        # Waiting in one statement would hold a snapshot, for whose end the other rewrite waits.
        connection.rollback()
        pause(connection, limits)

    raise StoreError(f"erasing bytes: another process is rewriting the tables; {STILL_IN_FILES}")


def _try_lock(connection: Connection) -> bool:
    # It stays open until the rewrite is over, however long that takes.
    connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
    return bool(connection.exec_driver_sql(f"SELECT pg_try_advisory_xact_lock({KEY})").scalar())


def _finish_earlier(engine: Engine, tables: Sequence[str], limits: Limits) -> str:
    """Removes and completes what a process left that was killed; returns an empty reason."""
    with engine.connect() as connection:
        remove_leftovers(connection, limits)
        keys = unvalidated_keys(connection, tables)
        validate_foreign_keys(connection, keys, limits)

    return ""


def _reason_of(work: Callable[[], str]) -> str:
    """Returns the reason that the work returns or, where it fails, why.

    One table that cannot be rewritten must not keep the others from it. Raises StoreError where
    none could be: the server is away, or this process ends.
    """
    try:
        return work()
    except ObstacleError as error:
        return str(error)
    except StoreAwayError as error:
        if error.state.startswith(NO_ROOM):
            return f"the server has no room for it, {error.state}"
        if error.state in BUSY:
            return f"another transaction came between, {error.state}"
        raise
    except DBAPIError as error:
        return f"the server refused it, {state_of(error)}"


def _is_sampled(engine: Engine, table: str) -> bool:
    """Returns whether the planner's statistics have values of a column that shall have none.

    They are of an older release. Only with the table they go.
    """
    with engine.connect() as connection:
        return bool(connection.execute(SAMPLED, {"table": table}).scalar_one())


def _rewrite_statistics(engine: Engine, limits: Limits, *, needed: bool) -> str:
    """Rewrites what the server keeps of deleted samples; returns why not.

    What may work in another night is owed since whenever, so it is told until it has worked. That
    the database user lacks the right is told if it was `needed`: else it would be told for ever.
    """
    reason = _reason_of(lambda: _vacuum(engine, STATISTICS, limits))
    return reason if needed or reason != NO_RIGHT else ""


def _rewrite(engine: Engine, table: str, limits: Limits, *, online: bool) -> str:
    """Rewrites the table; returns why it could not, empty if it could."""
    return _reason_of(lambda: _rewrite_either_way(engine, table, limits, online=online))


def _rewrite_either_way(engine: Engine, table: str, limits: Limits, *, online: bool) -> str:
    with engine.connect() as connection:
        size = int(connection.execute(SIZE, {"table": table}).scalar_one())

    is_small = size <= limits.small_bytes and not online
    if is_small:
        reason = _vacuum(engine, table, limits)
        if reason != TOO_SLOW:
            return reason

    try:
        rewrite_online(engine, table, limits)
    except ObstacleError as error:
        if is_small:
            return str(error)

        # A role without the rights, or a shape that nobody foresaw: the server has its own way.
        reason = _reason_of(lambda: _vacuum(engine, table, limits))
        # The samples of a table stay with it.
        return str(error) if reason or online else ""

    return ""


def _vacuum(engine: Engine, table: str, limits: Limits) -> str:
    """Tries VACUUM FULL; returns why it did not work. It is cancelled where it takes too long."""
    # VACUUM cannot run within a transaction.
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        before: int | None = connection.execute(FILE, {"table": table}).scalar_one()
        run(connection, f"SET lock_timeout = {limits.lock_milliseconds}")
        run(connection, f"SET statement_timeout = {limits.hold_milliseconds}")
        try:
            reason = _try_vacuum(engine, connection, table, limits)
        finally:
            run(connection, "RESET lock_timeout")
            run(connection, "RESET statement_timeout")

        # Without the right to it VACUUM skips the table, with a warning instead of an error.
        after: int | None = connection.execute(FILE, {"table": table}).scalar_one()
        return NO_RIGHT if not reason and after == before else reason


def _try_vacuum(engine: Engine, connection: Connection, table: str, limits: Limits) -> str:
    for attempt in range(limits.attempts):
        if attempt:
            # The limits of this connection are not for the pause.
            with engine.connect() as other:
                pause(other, limits)

        try:
            run(connection, f"VACUUM (FULL) {table}")
        except (DBAPIError, StoreAwayError) as error:
            if state_of(error) == QUERY_CANCELED:
                return TOO_SLOW
            if state_of(error) not in BUSY:
                raise
        else:
            return ""

    return IN_USE
