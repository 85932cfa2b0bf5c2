"""The tables of answers by people: which are saved as knowledge, and which requests got one.

Neither holds words. Those of a saved answer are in its document, where every other passage is.
"""

from __future__ import annotations

from sqlalchemy import Column, Float, ForeignKey, Index, PrimaryKeyConstraint, Table, Text

from router.store.base.tables import metadata

captured_answer = Table(
    "captured_answer",
    metadata,
    Column("team", Text, nullable=False),
    Column("channel", Text, nullable=False),
    # The message that holds the answer, and the one that holds the question (empty: none in Slack).
    Column("ts", Text, nullable=False),
    Column("thread_ts", Text, nullable=False),
    Column("question_ts", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("asker", Text, nullable=False),
    # Who is asked before it lapses, and who reviewed it.
    Column("owner", Text, nullable=False),
    Column("reviewer", Text, nullable=False),
    # The request that was answered, and its route; empty where Beagle was not asked.
    Column("request", Text, nullable=False),
    Column("route", Text, nullable=False),
    Column("at", Float, nullable=False),
    Column("valid_until", Float, nullable=False),
    # When the owner was asked whether it still holds; 0 for not yet.
    Column("asked_at", Float, nullable=False, server_default="0"),
    PrimaryKeyConstraint("team", "channel", "ts"),
    Index("ix_captured_answer_question", "team", "channel", "question_ts"),
    Index("ix_captured_answer_valid_until", "valid_until"),
)

people_reply = Table(
    "people_reply",
    metadata,
    Column("request", Text, ForeignKey("request.id", ondelete="CASCADE"), primary_key=True),
    Column("team", Text, nullable=False),
    Column("at", Float, nullable=False),
    Index("ix_people_reply_team_at", "team", "at"),
)
