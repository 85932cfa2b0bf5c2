"""Adds a full-text index of whole pages: a page that fits raises the score of its chunks."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"

SQLITE = (
    """CREATE VIRTUAL TABLE chunk_text_page USING fts5(
        body, tokenize='porter unicode61 remove_diacritics 2'
    )""",
    """CREATE TRIGGER chunk_text_page_delete AFTER DELETE ON document BEGIN
        DELETE FROM chunk_text_page WHERE rowid = old.id;
    END""",
    """INSERT INTO chunk_text_page(rowid, body)
        SELECT document, group_concat(headings || char(10) || body, char(10))
        FROM chunk GROUP BY document""",
)
POSTGRESQL = (
    """CREATE TABLE chunk_text_page (
        document INTEGER PRIMARY KEY REFERENCES document(id) ON DELETE CASCADE,
        words tsvector NOT NULL
    )""",
    """INSERT INTO chunk_text_page
        SELECT document, to_tsvector('english', string_agg(headings || ' ' || body, ' '))
        FROM chunk GROUP BY document""",
    "CREATE INDEX ix_chunk_text_page_words ON chunk_text_page USING gin (words)",
)


def upgrade() -> None:
    """Applies the migration."""
    for statement in POSTGRESQL if op.get_context().dialect.name == "postgresql" else SQLITE:
        op.execute(statement)
