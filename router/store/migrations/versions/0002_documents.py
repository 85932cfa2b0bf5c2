"""Adds documents with their chunks and vectors, and the full-text index of chunks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

# An external content table: the index stores no text but reads `chunk`, and triggers keep it in
# step.
SQLITE = (
    """CREATE VIRTUAL TABLE chunk_text USING fts5(
        headings, body, content='chunk', content_rowid='id',
        tokenize='porter unicode61 remove_diacritics 2'
    )""",
    """CREATE TRIGGER chunk_text_insert AFTER INSERT ON chunk BEGIN
        INSERT INTO chunk_text(rowid, headings, body) VALUES (new.id, new.headings, new.body);
    END""",
    """CREATE TRIGGER chunk_text_delete AFTER DELETE ON chunk BEGIN
        INSERT INTO chunk_text(chunk_text, rowid, headings, body)
            VALUES ('delete', old.id, old.headings, old.body);
    END""",
    """CREATE TRIGGER chunk_text_update AFTER UPDATE OF headings, body ON chunk BEGIN
        INSERT INTO chunk_text(chunk_text, rowid, headings, body)
            VALUES ('delete', old.id, old.headings, old.body);
        INSERT INTO chunk_text(rowid, headings, body) VALUES (new.id, new.headings, new.body);
    END""",
)
POSTGRESQL = (
    """ALTER TABLE chunk ADD COLUMN words tsvector
        GENERATED ALWAYS AS (to_tsvector('english', headings || ' ' || body)) STORED""",
    "CREATE INDEX ix_chunk_words ON chunk USING gin (words)",
)


def upgrade() -> None:
    """Applies the migration."""
    op.create_table(
        "document",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("acl", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
        sa.UniqueConstraint("team", "key", name=op.f("uq_document_team")),
        sqlite_autoincrement=True,
    )

    op.create_index("ix_document_source", "document", ["team", "source"], unique=False)
    op.create_table(
        "chunk",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("document", sa.Integer(), nullable=False),
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("acl", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("anchor", sa.Text(), nullable=False),
        sa.Column("headings", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document"], ["document.id"], name=op.f("fk_chunk_document"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chunk")),
        sqlite_autoincrement=True,
    )

    op.create_index("ix_chunk_document", "chunk", ["document"], unique=False)
    op.create_table(
        "chunk_vector",
        sa.Column("chunk", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("encoder", sa.Text(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["chunk"], ["chunk.id"], name=op.f("fk_chunk_vector_chunk"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("chunk", name=op.f("pk_chunk_vector")),
    )

    op.create_table(
        "knowledge_change",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("document", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_knowledge_change")),
        sqlite_autoincrement=True,
    )
    for statement in POSTGRESQL if op.get_context().dialect.name == "postgresql" else SQLITE:
        op.execute(statement)
