"""Adds the words that full-text search cannot find by itself, such as those without blanks.

What is stored already gets them here, because messages are not read from Slack again.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from router.text.scripts import extra_terms

revision = "0033"
down_revision = "0032"

BATCH = 500
SQLITE_BEFORE = (
    "DROP TRIGGER chunk_text_insert",
    "DROP TRIGGER chunk_text_delete",
    "DROP TRIGGER chunk_text_update",
    "DROP TABLE chunk_text",
)
SQLITE_AFTER = (
    """CREATE VIRTUAL TABLE chunk_text USING fts5(
        headings, body, extra, content='chunk', content_rowid='id',
        tokenize='porter unicode61 remove_diacritics 2'
    )""",
    """CREATE TRIGGER chunk_text_insert AFTER INSERT ON chunk BEGIN
        INSERT INTO chunk_text(rowid, headings, body, extra)
            VALUES (new.id, new.headings, new.body, new.extra);
    END""",
    """CREATE TRIGGER chunk_text_delete AFTER DELETE ON chunk BEGIN
        INSERT INTO chunk_text(chunk_text, rowid, headings, body, extra)
            VALUES ('delete', old.id, old.headings, old.body, old.extra);
    END""",
    """CREATE TRIGGER chunk_text_update AFTER UPDATE OF headings, body, extra ON chunk BEGIN
        INSERT INTO chunk_text(chunk_text, rowid, headings, body, extra)
            VALUES ('delete', old.id, old.headings, old.body, old.extra);
        INSERT INTO chunk_text(rowid, headings, body, extra)
            VALUES (new.id, new.headings, new.body, new.extra);
    END""",
    "INSERT INTO chunk_text(chunk_text) VALUES ('rebuild')",
)
POSTGRESQL_AFTER = (
    "DROP INDEX ix_chunk_words",
    "ALTER TABLE chunk DROP COLUMN words",
    """ALTER TABLE chunk ADD COLUMN words tsvector GENERATED ALWAYS AS
        (to_tsvector('beagle', headings || ' ' || body || ' ' || extra)) STORED""",
    "CREATE INDEX ix_chunk_words ON chunk USING gin (words) WITH (fastupdate = off)",
)


def upgrade() -> None:
    """Applies the migration."""
    is_postgresql = op.get_context().dialect.name == "postgresql"
    for statement in () if is_postgresql else SQLITE_BEFORE:
        op.execute(statement)

    op.add_column("chunk", sa.Column("extra", sa.Text(), nullable=False, server_default=""))
    _fill()

    for statement in POSTGRESQL_AFTER if is_postgresql else SQLITE_AFTER:
        op.execute(statement)


def _fill() -> None:
    """Computes the words of every chunk that is stored."""
    connection = op.get_bind()
    select = sa.text(
        "SELECT id, headings, body FROM chunk WHERE id > :last ORDER BY id LIMIT :limit"
    )
    update = sa.text("UPDATE chunk SET extra = :extra WHERE id = :id")
    last = 0

    while rows := connection.execute(select, {"last": last, "limit": BATCH}).all():
        last = rows[-1].id
        for row in rows:
            extra = extra_terms(f"{row.headings}\n{row.body}")
            if extra:
                connection.execute(update, {"extra": extra, "id": row.id})
