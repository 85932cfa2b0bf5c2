"""Keeps samples of people's words out of PostgreSQL's statistics for the planner."""

from __future__ import annotations

from alembic import op

revision = "0046"
down_revision = "0045"

# ANALYZE stores some values of each column, which stay when the rows are long deleted.
COLUMNS = (
    ("request", "text", "vector"),
    ("overheard", "text"),
    ("feedback", "value"),
    ("chunk", "body", "headings", "extra", "words"),
    ("chunk_text_page", "words"),
    ("chunk_vector", "vector", "near"),
    ("document", "title"),
    ("dataset", "rows", "card"),
    ("outcome", "text", "data", "citations"),
    ("proposal", "args", "said", "result"),
    ("sending", "content"),
    ("candidate", "label", "definition", "evidence", "centroid"),
    ("candidate_edge", "evidence"),
    ("digest", "body"),
    ("drift", "body"),
    ("drafted_route", "body"),
    ("mined_vector", "vector"),
    ("failure_group", "centroid"),
    ("artefact", "body"),
    ("decision", "reason"),
    ("verdict", "reason"),
    ("route_version", "body"),
    ("report", "body"),
    ("progress", "body"),
)


def upgrade() -> None:
    """Applies the migration, on PostgreSQL only. What was sampled goes with the next rewrite."""
    if op.get_context().dialect.name != "postgresql":
        return

    for table, *columns in COLUMNS:
        changes = ", ".join(f'ALTER COLUMN "{column}" SET STATISTICS 0' for column in columns)
        op.execute(f'ALTER TABLE "{table}" {changes}')
