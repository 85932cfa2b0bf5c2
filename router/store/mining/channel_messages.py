"""Masked messages of channels that an admin opted in to mining; they serve mining only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Engine, delete, exists, func, select, update

from router.store.base.engine import insert_for, one_statement, writing
from router.store.base.mining_tables import overheard
from router.store.base.rows import as_row
from router.store.base.workspace_tables import channel_rule, opt_out
from router.types import ChannelKind

MAX_KEYS = 300
"""Messages that a candidate names: a route can be drafted from these."""


@dataclass(frozen=True, slots=True)
class ChannelMessage:
    """One message that was not addressed to Beagle. `text` is masked, `at` in unix seconds.

    `thread_ts` is the message that it answers, empty outside a thread.
    """

    team: str
    channel: str
    ts: str
    user: str
    text: str
    channel_kind: ChannelKind
    at: float
    thread_ts: str = ""


@dataclass(frozen=True, slots=True)
class MinedChannel:
    """A mined channel, the admin who opted it in, since when, and how many messages it has."""

    channel: str
    by: str
    since: float
    count: int


def message_key(message: ChannelMessage) -> str:
    """Returns what names a message of a workspace in a candidate's evidence."""
    return f"{message.channel} {message.ts}"


def newest_keys(messages: Sequence[ChannelMessage]) -> tuple[str, ...]:
    """Returns what names the newest of these messages, which come oldest first."""
    return tuple(message_key(message) for message in messages[-MAX_KEYS:])


class ChannelMessages:
    """The overheard table, and the columns of channel_rule that say which channels are mined."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = insert_for(engine)

    def start_mining(self, team: str, channel: str, by: str, at: float) -> bool:
        """Starts to mine the channel; returns False if it is mined already.

        The channel has to have a rule (`ChannelRules.upsert`), whose version grows. Call this once
        the channel has been told.
        """
        unmined = update(channel_rule).where(
            channel_rule.c.team == team,
            channel_rule.c.channel == channel,
            channel_rule.c.mined_by == "",
        )
        values = {"mined_by": by, "mined_since": at, "version": channel_rule.c.version + 1}

        with one_statement(self._engine) as connection:
            return bool(connection.execute(unmined.values(values)).rowcount == 1)

    def stop_mining(self, team: str, channel: str) -> int:
        """Stops mining the channel and deletes its messages; returns how many there were."""
        mined = update(channel_rule).where(
            channel_rule.c.team == team,
            channel_rule.c.channel == channel,
            channel_rule.c.mined_by != "",
        )
        values = {"mined_by": "", "mined_since": 0.0, "version": channel_rule.c.version + 1}
        messages = delete(overheard).where(overheard.c.team == team, overheard.c.channel == channel)

        with writing(self._engine) as connection:
            connection.execute(mined.values(values))
            return int(connection.execute(messages).rowcount)

    def insert(self, message: ChannelMessage) -> bool:
        """Stores the message if its channel is mined and its author takes part.

        A second time does nothing.

        Both are checked in the same transaction, so nothing is left of a channel that is no longer
        mined or of a person who opts out meanwhile.
        """
        mined = select(channel_rule.c.channel).where(
            channel_rule.c.team == message.team,
            channel_rule.c.channel == message.channel,
            channel_rule.c.mined_by != "",
        )
        opted_out = select(opt_out.c.user).where(
            opt_out.c.team == message.team, opt_out.c.user == message.user
        )
        statement = self._insert(overheard).values(as_row(message)).on_conflict_do_nothing()

        with writing(self._engine, ("opt-out", message.team, message.user)) as connection:
            # An event may arrive late, after the admin has stopped mining. Whoever stops it now
            # waits for this transaction, and deletes its message.
            if connection.execute(mined.with_for_update(read=True)).first() is None:
                return False
            if connection.execute(opted_out).first() is not None:
                return False

            return bool(connection.execute(statement).rowcount == 1)

    def update_text(self, team: str, channel: str, ts: str, text: str) -> None:
        """Stores an edited message's new masked text; an empty one deletes the message."""
        same = (overheard.c.team == team, overheard.c.channel == channel, overheard.c.ts == ts)
        change = update(overheard).where(*same).values(text=text)
        with one_statement(self._engine) as connection:
            connection.execute(change if text else delete(overheard).where(*same))

    def between(self, team: str, since: float, until: float) -> list[ChannelMessage]:
        """Returns the messages of that time, oldest first, without people who opted out."""
        opted_out = exists().where(
            opt_out.c.team == overheard.c.team, opt_out.c.user == overheard.c.user
        )
        query = (
            select(overheard)
            .where(
                overheard.c.team == team,
                overheard.c.at >= since,
                overheard.c.at < until,
                ~opted_out,
            )
            .order_by(overheard.c.at, overheard.c.channel, overheard.c.ts)
        )

        with one_statement(self._engine) as connection:
            return [ChannelMessage(**row) for row in connection.execute(query).mappings()]

    def mined_channels(self, team: str, since: float, until: float) -> list[MinedChannel]:
        """Returns the mined channels with their message counts of that time, by opt-in time."""
        counts = (
            select(overheard.c.channel, func.count().label("messages"))
            .where(overheard.c.team == team, overheard.c.at >= since, overheard.c.at < until)
            .group_by(overheard.c.channel)
            .subquery()
        )

        query = (
            select(
                channel_rule.c.channel,
                channel_rule.c.mined_by.label("by"),
                channel_rule.c.mined_since.label("since"),
                func.coalesce(counts.c.messages, 0).label("count"),
            )
            .outerjoin(counts, counts.c.channel == channel_rule.c.channel)
            .where(channel_rule.c.team == team, channel_rule.c.mined_by != "")
            .order_by(channel_rule.c.mined_since, channel_rule.c.channel)
        )
        with one_statement(self._engine) as connection:
            return [MinedChannel(**row) for row in connection.execute(query).mappings()]
