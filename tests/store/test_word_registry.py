"""Every column of the schema is either known to hold people's words or known not to."""

from __future__ import annotations

import pytest
from sqlalchemy import inspect, text

from router.store.privacy.registry import INDEX_TABLES, WORD_COLUMNS, rows_of_team, word_tables
from router.store.privacy.wordless import WORDLESS

WITHOUT_WORDS = {"integer", "bigint", "boolean", "float", "double precision", "real"}
"""Types of columns that cannot hold words."""
INDEXES = ("chunk_text", "alembic_version")
"""The beginnings of tables without a model: full-text indexes of documents, and the revision."""
INDEX_COLUMNS = {"chunk.words", "chunk_vector.near"}
"""PostgreSQL's own forms of the text and the vector beside them."""
POSTGRESQL = """
SELECT table_name, column_name, data_type FROM information_schema.columns
WHERE table_schema = current_schema()
"""


def columns_of(store) -> set[str]:
    """The columns of the real database that can hold words, whoever made them."""
    found = []
    with store.begin() as connection:
        if store.engine.dialect.name == "postgresql":
            found = connection.execute(text(POSTGRESQL)).all()
        else:
            inspector = inspect(connection)
            for table in inspector.get_table_names():
                for column in inspector.get_columns(table):
                    found.append((table, column["name"], str(column["type"])))

    return {
        f"{table}.{column}"
        for table, column, kind in found
        if not table.startswith(INDEXES) and kind.lower() not in WITHOUT_WORDS
    } - INDEX_COLUMNS


def test_every_column_is_in_one_of_the_two_lists(every_store) -> None:
    words = {entry.name for entry in WORD_COLUMNS}

    found = columns_of(every_store)
    assert found - words - set(WORDLESS) == set(), "enter it in registry.py or in wordless.py"
    assert words & set(WORDLESS) == set()
    assert (words | set(WORDLESS)) - found == set(), "listed, and not in the schema"


def test_a_full_text_index_is_rewritten_with_its_table(every_store) -> None:
    tables = set(inspect(every_store.engine).get_table_names())

    assert set(INDEX_TABLES) <= tables
    assert set(word_tables()) <= tables


@pytest.mark.parametrize("entry", [e for e in WORD_COLUMNS if e.belonging == "quote"])
def test_a_quotation_is_found_by_workspace_and_by_age(entry, store) -> None:
    assert entry.age is not None
    assert entry.paths
    assert set(entry.samples) <= set(entry.paths)
    # Raises where a table leads to no workspace.
    rows_of_team(entry.table, "T1")
