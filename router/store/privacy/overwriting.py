"""Overwrites the bytes of deleted rows in the database's own files.

A deleted row's bytes stay in the file until something else is written there. On SQLite
`secure_delete` overwrites rows, but not the gaps that rows left when they were moved between pages;
FTS5 keeps the words of deleted rows in its segments until they are merged, and the write-ahead log
keeps old pages until a checkpoint. PostgreSQL keeps dead tuples until a table is rewritten.
"""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

from sqlalchemy import Connection, Engine, text
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import DBAPIError

from router.errors import StoreError
from router.store.base.engine import writing
from router.store.privacy.registry import word_tables

MERGE_SEGMENTS = (
    text("INSERT INTO chunk_text(chunk_text) VALUES ('optimize')"),
    text("INSERT INTO chunk_text_page(chunk_text_page) VALUES ('optimize')"),
)
"""FTS5's command that merges all segments into one, without the deleted rows."""

LOCK_MILLISECONDS = 200
"""How long a rewrite waits for a table. Readers that come meanwhile wait behind it."""
REWRITE_MILLISECONDS = 800
"""How long a rewrite of one table may take, with the wait for it: so long readers may wait."""
LOCK_ATTEMPTS = 20
"""How often a table is tried again that somebody was using."""
LOCK_NOT_AVAILABLE, QUERY_CANCELED = "55P03", "57014"

PAGES_AT_ONCE = 500
"""Free pages that one step gives back; 2 MB."""
MEGABYTE = 1_000_000
CHECKPOINT_ATTEMPTS = 3
"""Each one waits as long as a write would; a read that still runs then is left alone."""


def overwrite_deleted(engine: Engine) -> None:
    """Overwrites everything that has been deleted so far. Calling it again is safe.

    Raises StoreError when a long read kept SQLite's write-ahead log open, or when a table of
    PostgreSQL could not be rewritten in a time for which readers may wait.
    """
    if engine.dialect.name == "postgresql":
        _rewrite_tables(engine)
    else:
        _merge_and_checkpoint(engine)


def rewrite_file(engine: Engine) -> None:
    """Copies SQLite's file without its gaps; on a server it does nothing.

    `secure_delete` overwrites a deleted row where it is. When SQLite moved the row to another page
    before, its bytes may still be in the gap that it left, which only a copy closes. Writers wait
    as long as that takes, readers go on. Raises StoreError when somebody wrote for too long.
    """
    if engine.dialect.name == "postgresql":
        return

    _refuse_without_room(engine)
    # VACUUM fails within a transaction, and SQLAlchemy would begin one.
    raw = engine.raw_connection()
    try:
        raw.cursor().execute("VACUUM")
    except sqlite3.OperationalError as error:
        raise StoreError(
            f"erasing bytes: the database's file could not be rewritten ({error}); what was "
            "deleted cannot be found any more, but bytes of it may still be in the file; it is "
            "tried again in the next night"
        ) from error
    finally:
        raw.close()

    _merge_and_checkpoint(engine)


def _refuse_without_room(engine: Engine) -> None:
    """Raises StoreError where the disk has no room for the copy and for the log of writing it."""
    file = Path(engine.url.database or "")
    if not file.is_file():
        return

    needed, free = 2 * file.stat().st_size, shutil.disk_usage(file.absolute().parent).free
    if free < needed:
        raise StoreError(
            f"erasing bytes: rewriting the database's file needs {needed // MEGABYTE} MB of free "
            f"disk, found {free // MEGABYTE} MB; what was deleted cannot be found any more, but "
            "bytes of it may still be in the file; free some space, it is tried again in the next "
            "night"
        )


def _rewrite_tables(engine: Engine) -> None:
    """Rewrites each table that can hold words, within a bounded time, or says which it could not.

    `VACUUM FULL` shuts out readers while it copies, so it is cancelled where that takes too long;
    a cancelled one changes nothing.
    """
    # VACUUM cannot run within a transaction.
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"SET lock_timeout = {LOCK_MILLISECONDS}"))
        connection.execute(text(f"SET statement_timeout = {REWRITE_MILLISECONDS}"))
        try:
            left = [table for table in word_tables() if not _rewrite(connection, table)]
        finally:
            connection.execute(text("RESET lock_timeout"))
            connection.execute(text("RESET statement_timeout"))

    if left:
        raise StoreError(
            f"erasing bytes: {', '.join(left)} could not be rewritten within "
            f"{REWRITE_MILLISECONDS} ms; what was deleted cannot be found any more, but its bytes "
            "are still in the server's files; it is tried again in the next night, or let an "
            "administrator of the server run VACUUM FULL on it when nobody is waiting"
        )


def _rewrite(connection: Connection, table: str) -> bool:
    """Rewrites the table; returns False where it is too large, or in use all the time."""
    for _ in range(LOCK_ATTEMPTS):
        try:
            connection.execute(text(f"VACUUM (FULL) {table}"))
        except DBAPIError as error:
            code = getattr(error.orig, "sqlstate", "")
            if code == QUERY_CANCELED:
                return False
            if code != LOCK_NOT_AVAILABLE:
                raise
        else:
            return True

    return False


def _give_back_pages(cursor: DBAPICursor) -> None:
    """Shortens the file by its free pages, some at a time: each write lock is held for moments.

    A file that was made before `auto_vacuum` was set keeps them until it is rewritten.
    """
    free = -1
    while True:
        before, free = free, int(_pragma(cursor, "freelist_count"))
        # It stays the same where nothing can be given back.
        if free in (0, before):
            return

        cursor.execute(f"PRAGMA incremental_vacuum({PAGES_AT_ONCE})")
        cursor.fetchall()


def _pragma(cursor: DBAPICursor, name: str) -> str:
    cursor.execute(f"PRAGMA {name}")
    return str(cursor.fetchall()[0][0])


def _merge_and_checkpoint(engine: Engine) -> None:
    with writing(engine) as connection:
        for statement in MERGE_SEGMENTS:
            connection.execute(statement)

    # Both fail within a transaction, and SQLAlchemy would begin one.
    raw = engine.raw_connection()
    try:
        cursor = raw.cursor()
        _give_back_pages(cursor)
        for _ in range(CHECKPOINT_ATTEMPTS):
            busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            if not busy:
                return

        raise StoreError(
            "erasing bytes: a long read kept the write-ahead log open; what was deleted cannot be "
            "found any more, but its bytes are still in the log; run it again when the read is over"
        )
    finally:
        raw.close()
