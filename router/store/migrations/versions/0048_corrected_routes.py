"""Counts again what people corrected: it counts against the route that was wrong."""

from __future__ import annotations

from alembic import op

revision = "0048"
down_revision = "0047"

CHANGED = (
    "INSERT INTO usage_event (kind, team, hour) "
    "SELECT 'changed', team, {hour} FROM request WHERE id = NEW.request"
)


def upgrade() -> None:
    """Notes changed corrections from now on, and the hours whose figures were counted otherwise."""
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    hour = "CAST(received_at / 3600 AS INTEGER)" if is_sqlite else "floor(received_at / 3600)::int"
    note = CHANGED.format(hour=hour)
    # Whether the named route is another one than Beagle's decides what is counted.
    event = "AFTER UPDATE OF value ON feedback"
    condition = "(NEW.aspect = 'route' AND NEW.value <> OLD.value)"
    if is_sqlite:
        op.execute(f"CREATE TRIGGER usage_rejudged {event} WHEN {condition} BEGIN {note}; END")
    else:
        op.execute(
            "CREATE FUNCTION usage_rejudged() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN {note}; RETURN NULL; END $$"
        )
        op.execute(
            f"CREATE TRIGGER usage_rejudged {event} FOR EACH ROW WHEN {condition} "
            "EXECUTE FUNCTION usage_rejudged()"
        )

    # The newest first: somebody may be looking at this week's figures.
    chosen = (
        "id IN (SELECT request FROM feedback WHERE aspect = 'route') "
        "OR id IN (SELECT request FROM decision WHERE revision > 0)"
    )
    hours = f"DISTINCT 'changed', team, {hour} AS hour FROM request WHERE {chosen}"
    op.execute(f"INSERT INTO usage_event (kind, team, hour) SELECT {hours} ORDER BY hour DESC")
