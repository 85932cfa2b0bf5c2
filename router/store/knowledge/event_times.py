"""How new the newest event about something is, so that an older one changes nothing any more.

Slack repeats events for minutes, delays them and delivers them in any order. What an event changes
is called an aspect here: a channel's name, whether it is public or shared, whether Beagle is in it,
whether somebody is a member, what is known of a person, an edit or deletion of a message. Each
aspect keeps the time of the newest event about it; times are Slack's, in unix seconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Delete,
    Engine,
    Float,
    Index,
    PrimaryKeyConstraint,
    Table,
    Text,
    and_,
    delete,
    func,
    or_,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite

from router.store.base.engine import one_statement, writing
from router.store.base.tables import metadata

MEMBER, PERSON = "member", "person"
MEMBERS = "members"
"""Slack listed the channel's members."""
OPENED, CLOSED = "opened", "closed"
"""Beagle came into the channel, or an admin turned something on there; Beagle left it."""
EDITED, DELETED = "edited", "deleted"
OVERRULED_BY = {CLOSED: (OPENED,), EDITED: (DELETED,)}
CLOCK_MARGIN_SECONDS = 5.0
"""By so much our clock may be ahead of Slack's: what is timed by ours counts as so much older."""

TIMESTAMP = re.compile(r"[0-9]{1,12}(?:\.[0-9]{0,9})?")
"""Unix seconds, usually with a fraction."""

event_time = Table(
    "event_time",
    metadata,
    Column("team", Text, nullable=False),
    # Empty for what is known of a person, who is the same in every channel.
    Column("channel", Text, nullable=False),
    # A user, the `ts` of a message, or empty for what is known of the channel itself.
    Column("subject", Text, nullable=False),
    Column("aspect", Text, nullable=False),
    Column("at", Float, nullable=False),
    PrimaryKeyConstraint("team", "channel", "subject", "aspect"),
    Index("ix_event_time_at", "at"),
)


class Aspect(NamedTuple):
    """What an event changes."""

    team: str
    channel: str
    subject: str
    name: str


def advance(
    connection: Connection,
    aspect: Aspect,
    at: float | None,
    *,
    narrows: bool = True,
    answered_at: float = 0.0,
) -> bool:
    """Notes an event; returns False where it is outdated, so that it changes nothing.

    It is where a newer event about the same is known, where Beagle left the channel since, and
    where Slack was asked later (`note_answer`; of a person at `answered_at`, by our clock). Of two
    events of one time the one that takes a right away (`narrows`) wins. `at` is None where no event
    said it, or none with a time: that always counts. In one transaction with the change.
    """
    if at is None:
        return True

    newest = max(_newest(connection, aspect), answered_at - CLOCK_MARGIN_SECONDS)
    if newest > at or (newest == at and not narrows):
        return False

    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    row = {"team": aspect.team, "channel": aspect.channel, "subject": aspect.subject}
    statement = insert(event_time).values(**row, aspect=aspect.name, at=at)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["team", "channel", "subject", "aspect"], set_={"at": at}
        )
    )
    return True


def note_answer(
    connection: Connection, team: str, channel: str, aspects: Iterable[str], at: float
) -> None:
    """Notes that Slack was asked about aspects of a channel: what it said before is outdated."""
    for name in aspects:
        advance(connection, Aspect(team, channel, "", name), at - CLOCK_MARGIN_SECONDS)


def newest_fields(
    connection: Connection, team: str, channel: str, fields: Mapping[str, object], at: float | None
) -> dict[str, object]:
    """Notes an event about fields of a channel; returns those of which nothing newer is known."""
    newest: dict[str, object] = {}
    for name, value in fields.items():
        # A channel that is public, or not shared any more, gives rights.
        narrows = (name, value) not in (("public", True), ("shared", False))
        if advance(connection, Aspect(team, channel, "", name), at, narrows=narrows):
            newest[name] = value

    return newest


def said_since(
    connection: Connection, team: str, channel: str, at: float
) -> tuple[set[str], set[str]]:
    """Returns the fields of a channel of which events spoke after then, and the members."""
    query = select(event_time.c.subject, event_time.c.aspect).where(
        event_time.c.team == team, event_time.c.channel == channel, event_time.c.at > at
    )
    fields: set[str] = set()
    members: set[str] = set()
    for subject, aspect in connection.execute(query):
        if aspect == MEMBER:
            members.add(str(subject))
        elif not subject:
            fields.add(str(aspect))

    return fields, members


def events_of_user(team: str, user: str) -> Delete:
    """Returns the statement that deletes when events spoke of this person."""
    return delete(event_time).where(
        event_time.c.team == team,
        event_time.c.subject == user,
        event_time.c.aspect.in_((MEMBER, PERSON)),
    )


class EventTimes:
    """The table `event_time`, for what is not stored by one statement."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def open_channel(self, team: str, channel: str, at: float | None) -> None:
        """Notes that Beagle came into the channel then: an earlier departure closes nothing."""
        with writing(self._engine, ("channel", team, channel)) as connection:
            advance(connection, Aspect(team, channel, "", OPENED), at)

    def permit_channel(self, team: str, channel: str, now: float) -> None:
        """Notes that an admin turned something on there, which proves that Beagle is in it."""
        self.open_channel(team, channel, now - CLOCK_MARGIN_SECONDS)

    def close_channel(self, team: str, channel: str, at: float | None) -> bool:
        """Notes that Beagle left the channel then; returns False if it came back since."""
        with writing(self._engine, ("channel", team, channel)) as connection:
            return advance(connection, Aspect(team, channel, "", CLOSED), at)

    def edit_message(self, team: str, channel: str, ts: str, at: float | None) -> bool:
        """Notes an edit; returns False if a newer one, or the message's deletion, is known."""
        with writing(self._engine, ("channel", team, channel)) as connection:
            return advance(connection, Aspect(team, channel, ts, EDITED), at)

    def delete_message(self, team: str, channel: str, ts: str, at: float | None) -> None:
        """Notes a deletion, which is the last event about a message."""
        with writing(self._engine, ("channel", team, channel)) as connection:
            advance(connection, Aspect(team, channel, ts, DELETED), at)

    def is_deleted(self, team: str, channel: str, ts: str) -> bool:
        """Returns whether an event has said that the message was deleted."""
        return self._has(team, channel, and_(_of(ts), event_time.c.aspect == DELETED))

    def is_replaced(self, team: str, channel: str, ts: str) -> bool:
        """Returns whether the text that a message had at first holds no longer.

        It was edited or deleted, or Beagle left the channel since.
        """
        changed = and_(_of(ts), event_time.c.aspect.in_((EDITED, DELETED)))
        left = and_(_of(""), event_time.c.aspect == CLOSED, event_time.c.at >= (seconds(ts) or 0.0))
        return self._has(team, channel, or_(changed, left))

    def _has(self, team: str, channel: str, condition: ColumnElement[bool]) -> bool:
        query = select(event_time.c.at).where(
            event_time.c.team == team, event_time.c.channel == channel, condition
        )
        with one_statement(self._engine) as connection:
            return connection.execute(query).first() is not None


def seconds(text: object) -> float | None:
    """Returns a time as Slack writes it, in unix seconds; None for what is none."""
    found = TIMESTAMP.fullmatch(str(text or ""))
    return float(found[0]) if found else None


def _of(subject: str) -> ColumnElement[bool]:
    return event_time.c.subject == subject


def _newest(connection: Connection, aspect: Aspect) -> float:
    """Returns the time of the newest event that overrules one about this aspect, or -1."""
    overruling = [aspect.name, *OVERRULED_BY.get(aspect.name, ())]
    condition = and_(event_time.c.subject == aspect.subject, event_time.c.aspect.in_(overruling))
    if aspect.name == MEMBER:
        listed = and_(event_time.c.subject == "", event_time.c.aspect == MEMBERS)
        condition = or_(condition, listed)
    if aspect.name != DELETED:
        # What was before Beagle left the channel is gone, whatever it was about.
        departure = and_(event_time.c.subject == "", event_time.c.aspect == CLOSED)
        condition = or_(condition, departure)

    query = select(func.max(event_time.c.at)).where(
        event_time.c.team == aspect.team, event_time.c.channel == aspect.channel, condition
    )
    newest: float | None = connection.execute(query).scalar()
    return -1.0 if newest is None else newest
