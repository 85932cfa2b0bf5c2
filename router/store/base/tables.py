"""The tables of requests, versions and candidates, the same on SQLite and PostgreSQL.

Times are unix seconds, money is USD. Vectors are float32 bytes in row order, with the id of the
encoder that made them, because vectors of two encoders cannot be compared.

Some tables and columns have older names than the concepts that they store. They keep them, because
a renaming would cost a migration and change nothing:

    table                             concept
    artefact                          training artefact
    audit                             audit log entry
    candidate_edge                    candidate transition
    drift                             drift check
    knowledge_change                  log of changed documents
    member, person                    channel member, Slack user
    mined_vector                      mining embedding
    overheard                         channel message
    progress                          rollout progress
    reply                             outbox entry
    retrain                           pending retrain
    road_card                         rollout card
    source                            knowledge source
    stop                              cancellation
    trial                             shadow run

    column                            concept
    candidate.first_seen, last_seen   created_at, updated_at
    drift.telling                     to be announced
    outcome.text, proposal.said       text for people
    request.fence                     fencing token of the newest lease
    request.tries                     attempts
    channel.asked_at                  members fetched at
    channel_rule.hears                which messages are read
    *.team                            workspace, by Slack's word for it
"""

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
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# Conditions of partial indexes. A query has to hold them in these words, because a database cannot
# know that a bound value fulfils them.
IS_DEAD = text("request.state = 'dead'")
HAS_TEXT = text("request.text <> ''")
IS_LABEL = text("feedback.aspect IN ('route', 'review')")
IS_REASON = text("feedback.aspect = 'reason'")

request = Table(
    "request",
    metadata,
    Column("id", Text, primary_key=True),
    Column("team", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("user", Text, nullable=False),
    Column("ts", Text, nullable=False),
    Column("thread_ts", Text),
    Column("thread", Text, nullable=False),
    Column("event_id", Text, nullable=False, unique=True),
    Column("text", Text, nullable=False),
    Column("received_at", Float, nullable=False),
    Column("channel_kind", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("user_team", Text, nullable=False, server_default=""),
    # Who wrote the text where that is not the asker, and their workspace where it is another one.
    Column("author", Text, nullable=False, server_default=""),
    Column("author_team", Text, nullable=False, server_default=""),
    # Ids of the files that were shared with it; the files themselves stay in Slack.
    Column("files", Text, nullable=False, server_default=""),
    Column("state", Text, nullable=False),
    # The lease: who works on the request until when, and how many attempts there were.
    Column("fence", Integer, nullable=False, default=0),
    Column("tries", Integer, nullable=False, default=0),
    Column("owner", Text),
    Column("lease_until", Float),
    Column("wake_at", Float, nullable=False),
    # Whose turn it takes, as `SlackPerson.key_in_team`: the asker, or who asked to run it again.
    Column("served_for", Text, nullable=False, server_default=""),
    Column("error", Text),
    Column("done_at", Float),
    # The embedding that deciding made; retrieval and mining use it again.
    Column("vector", LargeBinary),
    Column("encoder", Text),
    UniqueConstraint("team", "channel", "ts"),
    Index("ix_request_state_wake_at", "state", "wake_at"),
    Index("ix_request_thread", "team", "channel", "thread", "ts"),
    # Whose turn it is, and which of their requests: the oldest that is free.
    Index("ix_request_turn", "state", "team", "served_for", "received_at", "lease_until"),
    # Those that are being served: a few of all requests that were ever made.
    Index(
        "ix_request_owner",
        "owner",
        sqlite_where=text("owner IS NOT NULL"),
        postgresql_where=text("owner IS NOT NULL"),
    ),
    Index("ix_request_received_at", "received_at"),
    # Statistics and mining of a workspace; the screens of one of its people.
    Index("ix_request_team_received_at", "team", "received_at"),
    Index("ix_request_user_received_at", "team", "user", "received_at"),
    # What a channel asks for, and which channels were public when something was asked there.
    Index("ix_request_channel", "team", "channel_kind", "channel", "received_at"),
    Index("ix_request_dead", "team", "done_at", sqlite_where=IS_DEAD, postgresql_where=IS_DEAD),
    # What retention still has to blank: without it, it reads what it has blanked before.
    Index("ix_request_text", "received_at", sqlite_where=HAS_TEXT, postgresql_where=HAS_TEXT),
)

decision = Table(
    "decision",
    metadata,
    Column("request", Text, ForeignKey("request.id", ondelete="CASCADE"), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("verb", Text, nullable=False),
    Column("route", Text),
    Column("version", Text),
    Column("confidence", Float, nullable=False),
    Column("margin", Float, nullable=False),
    Column("in_scope", Float, nullable=False),
    Column("scores", JSON, nullable=False),
    Column("reason", JSON, nullable=False),
    Column("router_version", Text, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("at", Float, nullable=False),
    Column("asked_by", Text),
    # The workspace of `asked_by` where it is another one than the request's.
    Column("asked_by_team", Text, nullable=False, server_default=""),
    PrimaryKeyConstraint("request", "revision"),
)

outcome = Table(
    "outcome",
    metadata,
    Column("request", Text, ForeignKey("request.id", ondelete="CASCADE"), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("data", JSON),
    Column("citations", JSON, nullable=False),
    # Whose readers may see it: the acls of all passages that it was made from. NULL: not recorded.
    Column("acls", JSON),
    Column("tokens", JSON, nullable=False),
    Column("usd", Float, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("model", Text, nullable=False),
    Column("route", Text, nullable=False),
    Column("kind", Text),
    Column("version", Text),
    Column("error", Text),
    Column("at", Float, nullable=False),
    # The tier that answered, and the answers before it that did not stand. NULL: none.
    Column("tier", Text, nullable=False, server_default=""),
    Column("attempts", JSON),
    PrimaryKeyConstraint("request", "revision"),
    # The figures of one version.
    Index("ix_outcome_version", "route", "version", "at"),
)

reply = Table(
    "reply",
    metadata,
    Column("request", Text, ForeignKey("request.id", ondelete="CASCADE"), primary_key=True),
    Column("channel", Text, nullable=False),
    Column("ts", Text),
    Column("posting", Boolean, nullable=False, default=False),
    Column("revision", Integer),
    Index("ix_reply_channel_ts", "channel", "ts"),
)

feedback = Table(
    "feedback",
    metadata,
    Column("request", Text, ForeignKey("request.id", ondelete="CASCADE"), nullable=False),
    Column("user", Text, nullable=False),
    Column("aspect", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("at", Float, nullable=False),
    # The person's workspace where it is another one than the request's.
    Column("user_team", Text, nullable=False, server_default=""),
    PrimaryKeyConstraint("request", "user", "aspect"),
    Index("ix_feedback_label", "at", sqlite_where=IS_LABEL, postgresql_where=IS_LABEL),
    Index("ix_feedback_reason", "at", sqlite_where=IS_REASON, postgresql_where=IS_REASON),
)

# Versions, datasets, reports, artefacts and pending retrains belong to the workspace whose rollout
# made them. A version of a route's file belongs to the installation: its team is empty.
route_version = Table(
    "route_version",
    metadata,
    Column("team", Text, nullable=False),
    Column("route", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("body", JSON, nullable=False),
    Column("at", Float, nullable=False),
    # Each of these four belongs to one state; see `StoredVersion`.
    Column("rollout_share", Float, nullable=False, server_default="0"),
    Column("shadowing", Boolean, nullable=False, server_default=false()),
    Column("origin", Text, nullable=False, server_default="file"),
    Column("previous_live", Boolean, nullable=False, server_default=false()),
    PrimaryKeyConstraint("team", "route", "id"),
)

candidate = Table(
    "candidate",
    metadata,
    Column("id", Text, primary_key=True),
    Column("team", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("version", Integer, nullable=False, default=0),
    Column("evidence", JSON, nullable=False),
    Column("definition", Text, nullable=False, server_default=""),
    Column("route", Text),
    Column("approver", Text),
    Column("centroid", LargeBinary),
    Column("encoder", Text),
    Column("first_seen", Float, nullable=False),
    Column("last_seen", Float, nullable=False),
    Index("ix_candidate_team_state", "team", "state"),
)

digest = Table(
    "digest",
    metadata,
    Column("team", Text, nullable=False),
    Column("week", Text, nullable=False),
    Column("body", JSON, nullable=False),
    Column("channel", Text),
    Column("ts", Text),
    Column("at", Float, nullable=False),
    PrimaryKeyConstraint("team", "week"),
)

verdict = Table(
    "verdict",
    metadata,
    Column("candidate", Text, ForeignKey("candidate.id", ondelete="CASCADE"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("user", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("reason", Text, nullable=False, default=""),
    Column("evidence_hash", Text, nullable=False),
    Column("at", Float, nullable=False),
    PrimaryKeyConstraint("candidate", "version"),
)

dataset = Table(
    "dataset",
    metadata,
    Column("team", Text, nullable=False),
    # A hash of its rows, so two workspaces may have datasets of the same id.
    Column("id", Text, nullable=False),
    Column("candidate", Text, ForeignKey("candidate.id", ondelete="CASCADE")),
    Column("route", Text, nullable=False),
    Column("rows", JSON, nullable=False),
    Column("card", JSON, nullable=False),
    Column("at", Float, nullable=False),
    PrimaryKeyConstraint("team", "id"),
)

report = Table(
    "report",
    metadata,
    Column("team", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("route", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("against", Text),
    Column("body", JSON, nullable=False),
    Column("at", Float, nullable=False),
    PrimaryKeyConstraint("team", "id"),
    Index("ix_report_route", "team", "route", "at"),
)
