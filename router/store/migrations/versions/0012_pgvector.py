"""Gives PostgreSQL a pgvector column and a text search configuration of its own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

# Stems as on SQLite. No stop words: they are dropped from the question instead. The vector column
# has no length, because each encoder has its own; the index of each encoder names it.
POSTGRESQL = (
    "CREATE EXTENSION IF NOT EXISTS vector",
    "ALTER TABLE chunk_vector ADD COLUMN near vector",
    "CREATE TEXT SEARCH DICTIONARY beagle_stem (TEMPLATE = snowball, LANGUAGE = english)",
    "CREATE TEXT SEARCH CONFIGURATION beagle (COPY = english)",
    "ALTER TEXT SEARCH CONFIGURATION beagle ALTER MAPPING REPLACE english_stem WITH beagle_stem",
    "DROP INDEX ix_chunk_words",
    "ALTER TABLE chunk DROP COLUMN words",
    """ALTER TABLE chunk ADD COLUMN words tsvector
        GENERATED ALWAYS AS (to_tsvector('beagle', headings || ' ' || body)) STORED""",
    "CREATE INDEX ix_chunk_words ON chunk USING gin (words)",
    """UPDATE chunk_text_page SET words = whole.words FROM (
        SELECT document,
            to_tsvector('beagle', left(string_agg(headings || ' ' || body, ' '), 150000)) AS words
        FROM chunk GROUP BY document
    ) AS whole WHERE whole.document = chunk_text_page.document""",
)
# Ignores accents if the server has the extension for it, which is usual.
ACCENTS = (
    "CREATE EXTENSION IF NOT EXISTS unaccent",
    """ALTER TEXT SEARCH CONFIGURATION beagle
        ALTER MAPPING FOR asciiword, word, hword, hword_part, asciihword, hword_asciipart
        WITH unaccent, beagle_stem""",
)


def upgrade() -> None:
    """Applies the migration, on PostgreSQL only.

    The server must have pgvector, and the database's owner must be allowed to switch it on.
    """
    if op.get_context().dialect.name != "postgresql":
        return

    has_accents = (
        op.get_bind()
        .execute(sa.text("SELECT 1 FROM pg_available_extensions WHERE name = 'unaccent'"))
        .first()
    )

    before = POSTGRESQL.index("DROP INDEX ix_chunk_words")
    for statement in (
        *POSTGRESQL[:before],
        *(ACCENTS if has_accents else ()),
        *POSTGRESQL[before:],
    ):
        op.execute(statement)
