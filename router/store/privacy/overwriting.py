"""Overwrites the bytes of deleted rows in the database's own files.

A deleted row's bytes stay in the file until something else is written there. On SQLite
`secure_delete` overwrites rows; FTS5 keeps the words of deleted rows in its segments until they are
merged, and the write-ahead log keeps old pages until a checkpoint. PostgreSQL keeps dead tuples
until a table is rewritten.
"""

from __future__ import annotations

from sqlalchemy import Engine, text

from router.errors import StoreError
from router.store.base.engine import writing

MERGE_SEGMENTS = (
    text("INSERT INTO chunk_text(chunk_text) VALUES ('optimize')"),
    text("INSERT INTO chunk_text_page(chunk_text_page) VALUES ('optimize')"),
)
"""FTS5's command that merges all segments into one, without the deleted rows."""

REWRITTEN_TABLES = (
    "request",
    "outcome",
    "feedback",
    "dataset",
    "overheard",
    "document",
    "chunk",
    "chunk_text_page",
)
"""The PostgreSQL tables that hold people's words."""

CHECKPOINT_ATTEMPTS = 3
"""Each one waits as long as a write would; a read that still runs then is left alone."""


def overwrite_deleted(engine: Engine) -> None:
    """Overwrites everything that has been deleted so far. Calling it again is safe.

    Raises StoreError when a long read kept SQLite's write-ahead log open.
    """
    if engine.dialect.name == "postgresql":
        _rewrite_tables(engine)
    else:
        _merge_and_checkpoint(engine)


def _rewrite_tables(engine: Engine) -> None:
    # VACUUM cannot run within a transaction.
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for table in REWRITTEN_TABLES:
            connection.execute(text(f"VACUUM (FULL) {table}"))


def _merge_and_checkpoint(engine: Engine) -> None:
    with writing(engine) as connection:
        for statement in MERGE_SEGMENTS:
            connection.execute(statement)

    # A checkpoint fails within a transaction, and SQLAlchemy would begin one.
    raw = engine.raw_connection()
    try:
        cursor = raw.cursor()
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
