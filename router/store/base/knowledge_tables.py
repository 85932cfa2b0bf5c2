"""The tables of documents with their chunks and vectors, and of who may read them."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from router.store.base.tables import metadata

document = Table(
    "document",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("team", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("acl", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("updated_at", Float, nullable=False),
    UniqueConstraint("team", "key"),
    Index("ix_document_source", "team", "source"),
    sqlite_autoincrement=True,
)

# `team` and `acl` repeat the document's, because a search must filter on the row it reads. Ids are
# never used twice: a process may still hold one in memory after the chunk is deleted.
chunk = Table(
    "chunk",
    metadata,
    Column("id", Integer, primary_key=True),
    Column(
        "document",
        Integer,
        ForeignKey("document.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("team", Text, nullable=False),
    Column("acl", Text, nullable=False),
    Column("place", Integer, nullable=False),
    Column("anchor", Text, nullable=False),
    Column("headings", Text, nullable=False),
    Column("body", Text, nullable=False),
    # Words in forms that the database's own tokenizer does not make (`router.text.scripts`).
    Column("extra", Text, nullable=False, default="", server_default=""),
    # The person who wrote it, where it was one person.
    Column("author", Text, nullable=False, default="", server_default=""),
    # The author's workspace where it is another one (Slack Connect).
    Column("author_team", Text, nullable=False, default="", server_default=""),
    Index("ix_chunk_author", "team", "author"),
    sqlite_autoincrement=True,
)

chunk_vector = Table(
    "chunk_vector",
    metadata,
    Column(
        "chunk",
        Integer,
        ForeignKey("chunk.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("encoder", Text, nullable=False),
    Column("vector", LargeBinary, nullable=False),
)

# One row for each change of a document's chunks, rights or vectors. Processes that hold vectors in
# memory learn from it which documents to read again.
knowledge_change = Table(
    "knowledge_change",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("document", Integer, nullable=False),
    # Text was deleted or replaced: its bytes have to be overwritten soon.
    Column("gone", Boolean, nullable=False, default=False, server_default=false()),
    sqlite_autoincrement=True,
)

# What an ingest was given, so that it can be repeated.
source = Table(
    "source",
    metadata,
    Column("team", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("places", JSON, nullable=False),
    Column("base_url", Text, nullable=False, default="", server_default=""),
    Column("acl", Text, nullable=False),
    Column("read_at", Float, nullable=False),
    Column("left_out", Integer, nullable=False, default=0, server_default="0"),
    Column("page_versions", JSON, nullable=False, default=dict, server_default="{}"),
    PrimaryKeyConstraint("team", "name"),
)

# Versions that were trained on text that had to be erased since.
retrain = Table(
    "retrain",
    metadata,
    Column("team", Text, nullable=False),
    Column("route", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("at", Float, nullable=False),
    PrimaryKeyConstraint("team", "route", "version"),
)

channel = Table(
    "channel",
    metadata,
    Column("team", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("name", Text, nullable=False, default=""),
    Column("public", Boolean, nullable=False),
    # Shared with another workspace, whose people read it too.
    Column("shared", Boolean, nullable=False, default=False),
    # An admin let Beagle read its history, and the channel has been told.
    Column("read", Boolean, nullable=False, default=False),
    # When its members were last fetched from Slack; 0 for never.
    Column("asked_at", Float, nullable=False, default=0.0, server_default="0"),
    # When Slack last said whether it is public and shared; 0 where that is in doubt.
    Column("described_at", Float, nullable=False, default=0.0, server_default="0"),
    # When Slack was last asked in vain.
    Column("tried_at", Float, nullable=False, default=0.0, server_default="0"),
    PrimaryKeyConstraint("team", "id"),
)

member = Table(
    "member",
    metadata,
    Column("team", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("user", Text, nullable=False),
    # When Slack's list of members named them; 0 where only an event said that they joined.
    Column("asked_at", Float, nullable=False, default=0.0, server_default="0"),
    PrimaryKeyConstraint("team", "channel", "user"),
    Index("ix_member_user", "team", "user"),
)

foreign_home = Table(
    "foreign_home",
    metadata,
    Column("team", Text, nullable=False),
    Column("user", Text, nullable=False),
    # The organisation of another company, and the first workspace there in which they were seen.
    Column("organisation", Text, nullable=False),
    Column("workspace", Text, nullable=False),
    PrimaryKeyConstraint("team", "user", "organisation"),
    Index("ix_foreign_home_workspace", "team", "workspace"),
)

person = Table(
    "person",
    metadata,
    Column("team", Text, nullable=False),
    Column("user", Text, nullable=False),
    # A guest, or somebody of another workspace: sees only the channels that they are in.
    Column("guest", Boolean, nullable=False),
    # When Slack last said so, and when it was last asked in vain; 0 for never.
    Column("asked_at", Float, nullable=False, default=0.0, server_default="0"),
    Column("tried_at", Float, nullable=False, default=0.0, server_default="0"),
    # The workspaces and the organisation that Slack listed for a colleague, with a space between.
    Column("teams", Text, nullable=False, default="", server_default=""),
    PrimaryKeyConstraint("team", "user"),
)
