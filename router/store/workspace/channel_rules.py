"""Channel rules: what Beagle reads and mines there, which routes serve it, what it may cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Engine, insert, select, update
from sqlalchemy.exc import IntegrityError

from router.store.base.engine import one_statement
from router.store.base.rows import as_row
from router.store.base.workspace_tables import channel_rule

Hears = Literal["mentions", "all"]

MINING_FIELDS = ("mined_by", "mined_since")
"""Set by `ChannelMessages` alone, so that saving a rule cannot start or stop mining."""


@dataclass(frozen=True, slots=True)
class ChannelRule:
    """The rule of one channel.

    Empty `routes` allow all; `default_route` serves what would be asked back or left unanswered.
    `usd` caps a UTC day, 0 for no cap of its own. `version` counts the changes; a channel without a
    rule has 0. `mined_by` is the admin who has the whole channel mined, since `mined_since`.
    `owners` are the users who, beside admins, may save answers that people gave there.
    """

    team: str
    channel: str
    hears: Hears = "mentions"
    routes: tuple[str, ...] = ()
    default_route: str = ""
    usd: float = 0.0
    version: int = 0
    mined_by: str = ""
    mined_since: float = 0.0
    owners: tuple[str, ...] = ()

    @property
    def mined(self) -> bool:
        """Whether messages that are not addressed to Beagle are stored for mining."""
        return bool(self.mined_by)


class ChannelRules:
    """The channel_rule table."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def for_channel(self, team: str, channel: str) -> ChannelRule:
        """Returns the channel's rule, or the default one if it has none."""
        query = select(channel_rule).where(
            channel_rule.c.team == team, channel_rule.c.channel == channel
        )
        with one_statement(self._engine) as connection:
            row = connection.execute(query).mappings().one_or_none()

        if row is None:
            return ChannelRule(team, channel)

        lists = {name: tuple(row[name]) for name in ("routes", "owners")}
        return ChannelRule(**{**row, **lists})

    def upsert(self, rule: ChannelRule) -> bool:
        """Stores the rule.

        Returns False, and stores nothing, if it was made from an older version.
        """
        values = as_row(rule) | {"routes": list(rule.routes), "owners": list(rule.owners)}
        values["version"] = rule.version + 1
        for name in MINING_FIELDS:
            del values[name]

        # Optimistic locking: the version that the admin saw is still the stored one.
        seen = update(channel_rule).where(
            channel_rule.c.team == rule.team,
            channel_rule.c.channel == rule.channel,
            channel_rule.c.version == rule.version,
        )

        try:
            with one_statement(self._engine) as connection:
                if rule.version == 0:
                    return connection.execute(insert(channel_rule).values(values)).rowcount == 1

                return connection.execute(seen.values(values)).rowcount == 1
        except IntegrityError:
            return False  # somebody else made the channel's first rule meanwhile

    def daily_cap_usd(self, team: str, channel: str) -> float:
        """Returns the channel's own cap in USD a day, 0 for none."""
        return self.for_channel(team, channel).usd
