"""Overwrites the bytes of deleted rows in the database's own files.

A deleted row's bytes stay in the file until something else is written there. On SQLite
`secure_delete` overwrites rows, but not the gaps that rows left when they were moved between pages;
FTS5 keeps the words of deleted rows in its segments until they are merged, and the write-ahead log
keeps old pages until a checkpoint. PostgreSQL keeps dead tuples until a table is rewritten
(`router.store.rewriting`).
"""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

from sqlalchemy import Engine, text
from sqlalchemy.engine.interfaces import DBAPICursor

from router.errors import StoreError
from router.store.base.engine import writing
from router.store.privacy.registry import word_tables
from router.store.rewriting.brief import Limits
from router.store.rewriting.tables import remove_abandoned, rewrite_tables

MERGE_SEGMENTS = (
    text("INSERT INTO chunk_text(chunk_text) VALUES ('optimize')"),
    text("INSERT INTO chunk_text_page(chunk_text_page) VALUES ('optimize')"),
)
"""FTS5's command that merges all segments into one, without the deleted rows."""

LIMITS = Limits()

PAGES_AT_ONCE = 500
"""Free pages that one step gives back; 2 MB."""
MEGABYTE = 1_000_000
CHECKPOINT_ATTEMPTS = 3
"""Each one waits as long as a write would; a read that still runs then is left alone."""


def overwrite_deleted(engine: Engine, limits: Limits = LIMITS) -> None:
    """Overwrites everything that has been deleted so far. Calling it again is safe.

    Nobody waits longer for a table of PostgreSQL than the `limits` say. Raises StoreError when a
    long read kept SQLite's write-ahead log open, or when a table of PostgreSQL was not rewritten.
    """
    if engine.dialect.name == "postgresql":
        rewrite_tables(engine, word_tables(), limits)
    else:
        _merge_and_checkpoint(engine)


def remove_copies(engine: Engine, limits: Limits = LIMITS) -> None:
    """Removes the copy of a table that a killed process left on PostgreSQL.

    Rows that were deleted since are still in it. Raises StoreError where it is in use.
    """
    if engine.dialect.name == "postgresql":
        remove_abandoned(engine, limits)


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
