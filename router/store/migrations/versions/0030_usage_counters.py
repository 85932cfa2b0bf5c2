"""Adds counters, and the triggers that note what happened in the transaction in which it did.

What is stored is counted: totals here, hours and days by the first process that counts.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
OPEN = "('received', 'decided')"

COLUMNS = "(kind, team, hour, first, second, third, usd, seconds)"
RECEIVED = "'received', NEW.team, {new_hour}, 'received', '', '', 0, NULL"
ENDED = (
    "'ended', NEW.team, {new_hour}, NEW.state, '', '', 0, "
    "CASE WHEN NEW.state IN ('answered', 'dead') THEN NEW.done_at - NEW.received_at END"
)
DECISION = (
    "'decision', team, {hour}, NEW.verb, coalesce(NEW.route, ''), '', 0, "
    "CASE WHEN NEW.revision = 0 THEN NEW.seconds END"
)
OUTCOME = (
    "'outcome', team, {hour}, NEW.route, NEW.model, coalesce(NEW.error, ''), NEW.usd, NEW.seconds"
)
CHANGED = "'changed', team, {hour}, '', '', '', 0, NULL"
OF_NEW, OF_OLD = "FROM request WHERE id = NEW.request", "FROM request WHERE id = OLD.request"

# Name, what happens to which table, when it counts, and the rows that it notes. A decision opens a
# received request, and is noted itself.
TRIGGERS = (
    ("received", "INSERT ON request", "", (RECEIVED, ENDED + " WHERE NEW.state NOT IN " + OPEN)),
    (
        "moved",
        "UPDATE OF state ON request",
        "OLD.state <> NEW.state AND NOT (OLD.state = 'received' AND NEW.state = 'decided')",
        (
            ENDED + " WHERE NEW.state NOT IN " + OPEN,
            "'changed', NEW.team, {new_hour}, '', '', '', 0, NULL WHERE NEW.state IN " + OPEN,
        ),
    ),
    ("removed", "DELETE ON request", "", ("'changed', OLD.team, {old_hour}, '', '', '', 0, NULL",)),
    ("decided", "INSERT ON decision", "", (f"{DECISION} {OF_NEW}",)),
    ("undecided", "DELETE ON decision", "", (f"{CHANGED} {OF_OLD}",)),
    ("served", "INSERT ON outcome", "", (f"{OUTCOME} {OF_NEW}",)),
    ("unserved", "DELETE ON outcome", "", (f"{CHANGED} {OF_OLD}",)),
    ("judged", "INSERT ON feedback", "NEW.aspect = 'route'", (f"{CHANGED} {OF_NEW}",)),
    ("unjudged", "DELETE ON feedback", "OLD.aspect = 'route'", (f"{CHANGED} {OF_OLD}",)),
)


def upgrade() -> None:
    """Creates the tables and triggers, and counts what is stored."""
    _create_tables()
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    hour = "CAST({0} / 3600 AS INTEGER)" if is_sqlite else "floor({0} / 3600)::integer"
    names = {
        "hour": hour.format("received_at"),
        "new_hour": hour.format("NEW.received_at"),
        "old_hour": hour.format("OLD.received_at"),
    }
    create = _create_sqlite_trigger if is_sqlite else _create_postgresql_trigger
    for name, event, condition, rows in TRIGGERS:
        notes = " ".join(
            f"INSERT INTO usage_event {COLUMNS} SELECT {row.format(**names)};" for row in rows
        )
        create(name, event, condition, notes)

    _count_totals()
    # The newest first: somebody may be looking at this week's figures.
    hours = f"DISTINCT 'changed', team, {names['hour']} AS hour FROM request ORDER BY hour DESC"
    op.execute(f"INSERT INTO usage_event (kind, team, hour) SELECT {hours}")


def _create_sqlite_trigger(name: str, event: str, condition: str, notes: str) -> None:
    when = f"WHEN {condition}" if condition else ""
    op.execute(f"CREATE TRIGGER usage_{name} AFTER {event} {when} BEGIN {notes} END")


def _create_postgresql_trigger(name: str, event: str, condition: str, notes: str) -> None:
    when = f"WHEN ({condition})" if condition else ""
    op.execute(
        f"CREATE FUNCTION usage_{name}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN {notes} RETURN NULL; END $$"
    )
    op.execute(
        f"CREATE TRIGGER usage_{name} AFTER {event} FOR EACH ROW {when} "
        f"EXECUTE FUNCTION usage_{name}()"
    )


def _create_tables() -> None:
    op.create_table(
        "usage_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.Column("first", sa.Text(), nullable=False, server_default=""),
        sa.Column("second", sa.Text(), nullable=False, server_default=""),
        sa.Column("third", sa.Text(), nullable=False, server_default=""),
        sa.Column("usd", sa.Float(), nullable=False, server_default="0"),
        sa.Column("seconds", sa.Float()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_usage_event")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_usage_event_hour", "usage_event", ["team", "hour"])

    key = ("team", "hours", "number", "verb", "route", "kind", "state")
    op.create_table(
        "usage_slot",
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("hours", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in key[3:]),
        *(
            sa.Column(name, sa.Integer(), nullable=False)
            for name in ("requests", "failed", "corrected", "not_found")
        ),
        sa.Column("usd", sa.Float(), nullable=False),
        sa.Column("tokens", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint(*key, name=op.f("pk_usage_slot")),
    )

    labels = ("metric", "first", "second")
    op.create_table(
        "usage_total",
        *(sa.Column(name, sa.Text(), nullable=False) for name in labels),
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("amount", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint(*labels, "bucket", name=op.f("pk_usage_total")),
    )


def _count_totals() -> None:
    ended = f"FROM request WHERE state NOT IN {OPEN} GROUP BY state"
    sums = [
        "'requests', 'received', '', -1, count(*) FROM request GROUP BY 1",
        f"'requests', state, '', -1, count(*) {ended}",
        "'decisions', verb, coalesce(route, ''), -1, count(*) FROM decision "
        "GROUP BY verb, coalesce(route, '')",
        "'errors', error, '', -1, count(*) FROM outcome WHERE error <> '' GROUP BY error",
        "'usd', route, '', -1, sum(usd) FROM outcome WHERE route <> '' GROUP BY route",
        "'answers', route, coalesce(error, 'ok'), -1, count(*) FROM outcome WHERE route <> '' "
        "GROUP BY route, coalesce(error, 'ok')",
        "'model_answers', model, coalesce(error, 'ok'), -1, count(*) FROM outcome "
        "WHERE route <> '' AND model <> '' GROUP BY model, coalesce(error, 'ok')",
    ]
    whole = "done_at - received_at"
    in_request = "FROM request WHERE state IN ('answered', 'dead') AND done_at IS NOT NULL"
    for metric, label, seconds, rows in (
        ("seconds", "'whole'", whole, in_request),
        ("seconds", "'decide'", "seconds", "FROM decision WHERE revision = 0"),
        ("seconds", "'model'", "seconds", "FROM outcome WHERE route <> ''"),
        ("route_seconds", "route", "seconds", "FROM outcome WHERE route <> ''"),
        ("model_seconds", "model", "seconds", "FROM outcome WHERE route <> '' AND model <> ''"),
    ):
        cases = " ".join(
            f"WHEN {seconds} <= {bound} THEN {number}" for number, bound in enumerate(SECONDS)
        )
        bucket = f"CASE {cases} ELSE {len(SECONDS)} END"
        sums.append(f"'{metric}', {label}, '', -1, sum({seconds}) {rows} GROUP BY 2")
        sums.append(f"'{metric}', {label}, '', {bucket}, count(*) {rows} GROUP BY 2, 4")

    for query in sums:
        op.execute(f"INSERT INTO usage_total SELECT {query}")
