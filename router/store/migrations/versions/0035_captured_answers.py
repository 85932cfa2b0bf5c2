"""Adds answers by people that were saved as knowledge, and who may save them in a channel."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    """Adds the tables, and the owners of a channel: nobody at first."""
    text = ("thread_ts", "question_ts", "author", "asker", "owner", "reviewer", "request", "route")
    op.create_table(
        "captured_answer",
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("ts", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in text),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("valid_until", sa.Float(), nullable=False),
        sa.Column("asked_at", sa.Float(), nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("team", "channel", "ts"),
    )
    op.create_index(
        "ix_captured_answer_question", "captured_answer", ["team", "channel", "question_ts"]
    )
    op.create_index("ix_captured_answer_valid_until", "captured_answer", ["valid_until"])
    op.create_table(
        "people_reply",
        sa.Column("request", sa.Text(), primary_key=True),
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["request"], ["request.id"], ondelete="CASCADE"),
    )
    op.create_index("ix_people_reply_team_at", "people_reply", ["team", "at"])
    op.add_column(
        "channel_rule", sa.Column("owners", sa.JSON(), nullable=False, server_default="[]")
    )
