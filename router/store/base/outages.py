"""Tells a database that is away, full or read-only from a fault of ours, and notices dead sockets.

Whatever happens to a server for a while becomes `StoreAwayError`: the same work may succeed later,
and nobody is told of a mistake in the code.
"""

from __future__ import annotations

import select
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DisconnectionError

from router.errors import StoreAwayError

SERIALISATION = ("40001", "40P01")
"""PostgreSQL's codes for a transaction that another one came between, and for a deadlock."""
PASSING_STATES = (*SERIALISATION, "25006", "57P01", "57P02", "57P03", "57P05")
"""Read-only, shut down, crashed, starting, idle too long.

https://www.postgresql.org/docs/current/errcodes-appendix.html
"""
PASSING_CLASSES = ("08", "53", "58")
"""Classes of them: connections; disk, memory and connections used up; errors of the system."""
SQLITE_SAYS = (
    "database is locked",
    "database or disk is full",
    "disk I/O error",
    "readonly database",
    "unable to open database file",
)
"""What SQLite says of a disk that is full, gone or read-only, or of a writer that takes long."""


def tell_outages_apart(engine: Engine) -> None:
    """Makes the engine raise StoreAwayError for what may pass, in place of the driver's error."""
    event.listen(engine, "handle_error", _translate)
    if engine.dialect.name == "postgresql":
        event.listen(engine, "checkout", _refuse_dead_socket)


def _translate(context: ExceptionContext) -> None:
    error = context.original_exception
    state = str(getattr(error, "sqlstate", None) or "")
    # A connection that could not be made has no state: the server never spoke.
    is_connecting = context.connection is None and not state
    text = str(error)

    is_passing = (
        context.is_disconnect
        or state in PASSING_STATES
        or state[:2] in PASSING_CLASSES
        or (is_connecting and type(error).__name__ == "OperationalError")
        or (context.dialect.name == "sqlite" and any(words in text for words in SQLITE_SAYS))
    )
    if is_passing:
        # The driver's text may quote the address; the state or its kind says enough.
        found = state or _sqlite_words(text) or type(error).__name__
        raise StoreAwayError(
            f"using the store: the database does not answer or takes no writes ({found}); it is "
            "tried again by itself; if it stays so, look at the server, its disk and its limits",
            state=state,
        ) from error


def _sqlite_words(text: str) -> str:
    return next((words for words in SQLITE_SAYS if words in text), "")


def _refuse_dead_socket(connection: Any, _record: object, _proxy: object) -> None:
    """Replaces a pooled connection that the server has closed, e.g. because it was restarted.

    A server says nothing unasked but its farewell, so a socket with something to read is dead.
    Looking costs a system call, where asking the server (`pool_pre_ping`) costs a round trip.
    """
    try:
        poller = select.poll()
        poller.register(connection.fileno(), select.POLLIN)
        is_dead = bool(poller.poll(0))
    except Exception:  # noqa: BLE001  # a closed connection has no file number
        is_dead = True

    if is_dead:
        raise DisconnectionError("the server has closed this connection")
