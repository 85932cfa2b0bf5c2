"""What is said, and not to Beagle, in channels that an admin opted in to mining: masked, for mining only."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Engine, delete, exists, func, select, update

from router.store.base.engine import insert_for, reading, writing
from router.store.base.mining_tables import overheard
from router.store.base.workspace_tables import channel_rule, opt_out
from router.types import ChannelKind


@dataclass(frozen=True, slots=True)
class Remark:
    """One message that was not for Beagle. `text` is masked, `at` in unix seconds."""

    team: str
    channel: str
    ts: str
    user: str
    text: str
    channel_kind: ChannelKind
    at: float


@dataclass(frozen=True, slots=True)
class OptedIn:
    """A channel that is mined, by whose word and since when, and how many of its messages were kept in a time."""

    channel: str
    by: str
    since: float
    count: int


class Overheard:
    """The overheard table, and the two columns of a channel's rule that say whether anything may come into it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert: Any = insert_for(engine)

    def start(self, team: str, channel: str, by: str, at: float) -> bool:
        """The channel is mined from now on. Call it once the channel was told; False when it was mined already.

        The channel has a rule (`ChannelRules.put`), whose version grows.
        """
        mine = (
            channel_rule.c.team == team,
            channel_rule.c.channel == channel,
            channel_rule.c.mined_by == "",
        )

        values = {"mined_by": by, "mined_since": at, "version": channel_rule.c.version + 1}
        with writing(self._engine) as connection:
            return bool(
                connection.execute(update(channel_rule).where(*mine).values(values)).rowcount == 1
            )

    def stop(self, team: str, channel: str) -> int:
        """Nothing more is kept of the channel, and what was kept is gone; how many messages that were."""
        rule = (
            channel_rule.c.team == team,
            channel_rule.c.channel == channel,
            channel_rule.c.mined_by != "",
        )

        values = {"mined_by": "", "mined_since": 0.0, "version": channel_rule.c.version + 1}
        rows = (overheard.c.team == team, overheard.c.channel == channel)

        with writing(self._engine) as connection:
            connection.execute(update(channel_rule).where(*rule).values(values))
            return int(connection.execute(delete(overheard).where(*rows)).rowcount)

    def keep(self, said: Remark) -> bool:
        """The message is kept, if its channel is mined and its author takes part; the second time nothing changes.

        Both are asked in the same transaction: whoever stops the channel or opts out is left with
        nothing.
        """
        rule = (
            channel_rule.c.team == said.team,
            channel_rule.c.channel == said.channel,
            channel_rule.c.mined_by != "",
        )

        out = (opt_out.c.team == said.team, opt_out.c.user == said.user)
        with writing(self._engine) as connection:
            if connection.execute(select(channel_rule.c.channel).where(*rule)).first() is None:
                return False
            if connection.execute(select(opt_out.c.user).where(*out)).first() is not None:
                return False

            row = self._insert(overheard).values(asdict(said)).on_conflict_do_nothing()
            return bool(connection.execute(row).rowcount == 1)

    def reword(self, team: str, channel: str, ts: str, text: str) -> None:
        """The message says this now, masked, if it was kept; with no words left it is gone."""
        mine = (overheard.c.team == team, overheard.c.channel == channel, overheard.c.ts == ts)
        with writing(self._engine) as connection:
            if text:
                connection.execute(update(overheard).where(*mine).values(text=text))
            else:
                connection.execute(delete(overheard).where(*mine))

    def hide(self, team: str, channel: str) -> None:
        """The channel has become private: what was said in it counts and is quoted no more."""
        mine = (overheard.c.team == team, overheard.c.channel == channel)
        with writing(self._engine) as connection:
            connection.execute(update(overheard).where(*mine).values(channel_kind="private"))

    def of(self, team: str, since: float, until: float) -> list[Remark]:
        """The messages of that time, oldest first; nothing of people who opted out, whatever came in between."""
        out = exists().where(opt_out.c.team == overheard.c.team, opt_out.c.user == overheard.c.user)
        query = (
            select(overheard)
            .where(overheard.c.team == team, overheard.c.at >= since, overheard.c.at < until, ~out)
            .order_by(overheard.c.at, overheard.c.channel, overheard.c.ts)
        )

        with reading(self._engine) as connection:
            return [Remark(**row) for row in connection.execute(query).mappings()]

    def channels(self, team: str, since: float, until: float) -> list[OptedIn]:
        """The channels that are mined, with their messages of that time, in the order in which they were opted in."""
        counts = (
            select(overheard.c.channel, func.count().label("kept"))
            .where(overheard.c.team == team, overheard.c.at >= since, overheard.c.at < until)
            .group_by(overheard.c.channel)
            .subquery()
        )

        query = (
            select(
                channel_rule.c.channel,
                channel_rule.c.mined_by,
                channel_rule.c.mined_since,
                counts.c.kept,
            )
            .outerjoin(counts, counts.c.channel == channel_rule.c.channel)
            .where(channel_rule.c.team == team, channel_rule.c.mined_by != "")
            .order_by(channel_rule.c.mined_since, channel_rule.c.channel)
        )
        with reading(self._engine) as connection:
            return [
                OptedIn(row.channel, row.mined_by, row.mined_since, row.kept or 0)
                for row in connection.execute(query)
            ]
