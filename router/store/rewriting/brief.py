"""Transactions that wait for locks and hold them for a bounded time, so that nobody waits long."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from router.errors import StoreAwayError, StoreError
from router.store.base.outages import SERIALISATION

LOCK_NOT_AVAILABLE, QUERY_CANCELED = "55P03", "57014"
BUSY = frozenset({*SERIALISATION, LOCK_NOT_AVAILABLE, QUERY_CANCELED})
"""States after which the same statement may succeed."""


IN_USE = "it was in use all the time"
STILL_IN_FILES = (
    "what was deleted cannot be found any more, but its bytes are still in the server's files; it "
    "is tried again in the next night"
)
"""What each refusal means for whoever had something erased."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is done at once, and how long others may wait for it.

    Tables of up to `small_bytes`, with indexes, are rewritten by VACUUM FULL. `lock_milliseconds`
    is the longest wait for a lock, behind which others queue; `hold_milliseconds` is that with the
    time in which the lock is held. Each is tried `attempts` times, with a pause. A transaction that
    was there before the last changes may run for `snapshot_seconds` more. Whoever comes while
    another process rewrites waits for `turn_seconds`. `is_stopped` says that this process ends.
    """

    small_bytes: int = 20_000_000
    chunk_rows: int = 2_000
    lock_milliseconds: int = 200
    hold_milliseconds: int = 800
    attempts: int = 20
    pause_milliseconds: int = 250
    snapshot_seconds: float = 120.0
    turn_seconds: float = 30.0
    is_stopped: Callable[[], bool] = bool


class RewriteStoppedError(StoreError):
    """This process ends, so the rest is not rewritten; what is left is removed by the next one."""


class ObstacleError(StoreError):
    """The table cannot be copied and exchanged; the message says why, in a few words."""


@contextmanager
def transaction(connection: Connection) -> Iterator[None]:
    """Opens a transaction that may take as long as it needs, whatever the server's settings say."""
    with connection.begin():
        run(connection, "SET LOCAL statement_timeout = 0")
        yield


def run(connection: Connection, statement: str) -> None:
    """Runs a statement without parameters as it is, percent signs and colons included."""
    connection.exec_driver_sql(statement, execution_options={"no_parameters": True})


def refuse_if_stopped(limits: Limits) -> None:
    """Raises RewriteStoppedError if this process ends."""
    if limits.is_stopped():
        raise RewriteStoppedError(f"erasing bytes: this process ends; {STILL_IN_FILES}")


def pause(connection: Connection, limits: Limits) -> None:
    """Lets others have their turn. Raises RewriteStoppedError if this process ends."""
    refuse_if_stopped(limits)
    with transaction(connection):
        run(connection, f"SELECT pg_sleep({limits.pause_milliseconds / 1000})")


def briefly(
    connection: Connection,
    statement: str,
    limits: Limits,
    *,
    before: Callable[[], None] | None = None,
) -> str:
    """Runs a statement that locks tables; returns the number of its transaction.

    Where it takes too long it is undone and tried again, each time after `before`. Raises
    ObstacleError when that was often enough.
    """
    for attempt in range(limits.attempts):
        if attempt:
            pause(connection, limits)
        if before:
            before()

        try:
            with transaction(connection):
                number = connection.exec_driver_sql("SELECT pg_current_xact_id()::xid::text")
                xid = str(number.scalar_one())
                # One message, with the commit: if we are stopped meanwhile, nobody waits for us.
                run(
                    connection,
                    f"SET LOCAL lock_timeout = {limits.lock_milliseconds};\n"
                    f"SET LOCAL statement_timeout = {limits.hold_milliseconds};\n"
                    f"{statement};\nCOMMIT",
                )
        except (DBAPIError, StoreAwayError) as error:
            if state_of(error) not in BUSY:
                raise
        else:
            return xid

    raise ObstacleError(IN_USE)


def state_of(error: DBAPIError | StoreError) -> str:
    """Returns the SQLSTATE of an error; empty if it has none."""
    if isinstance(error, StoreAwayError):
        return error.state
    if isinstance(error, DBAPIError):
        return str(getattr(error.orig, "sqlstate", "") or "")

    return ""
