"""What an admin set for a channel: what Beagle hears and mines, which routes may serve it, what it may cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Engine, insert, select, update
from sqlalchemy.exc import IntegrityError

from router.store.base.engine import reading, writing
from router.store.base.workspace_tables import channel_rule

Hears = Literal["mentions", "all"]


@dataclass(frozen=True, slots=True)
class ChannelRule:
    """One channel's rule. No `routes` allows all; `default_route` serves what would be asked back or left out.

    `usd` caps a UTC day, 0 for no cap of its own. `version` counts the changes; a channel that was
    never set has 0. `mined_by` is the admin who has the whole channel mined, since `mined_since`;
    `router.store.overheard` sets both.
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

    @property
    def mined(self) -> bool:
        """Whether what is said there, and not to Beagle, is kept for mining."""
        return bool(self.mined_by)


class ChannelRules:
    """The channel_rule table."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of(self, team: str, channel: str) -> ChannelRule:
        """The channel's rule; the plain one where none was set."""
        mine = (channel_rule.c.team == team, channel_rule.c.channel == channel)
        with reading(self._engine) as connection:
            row = connection.execute(select(channel_rule).where(*mine)).mappings().one_or_none()

        return (
            ChannelRule(**{**row, "routes": tuple(row["routes"])})
            if row
            else ChannelRule(team, channel)
        )

    def put(self, rule: ChannelRule) -> bool:
        """The rule counts from now on; False, and nothing changed, when it was made from an older version."""
        values = {name: getattr(rule, name) for name in ChannelRule.__slots__}
        values |= {"routes": list(rule.routes), "version": rule.version + 1}
        del values["mined_by"], values["mined_since"]
        mine = (channel_rule.c.team == rule.team, channel_rule.c.channel == rule.channel)

        try:
            with writing(self._engine) as connection:
                if rule.version == 0:
                    connection.execute(insert(channel_rule).values(values))
                    return True

                same = channel_rule.c.version == rule.version
                return (
                    connection.execute(
                        update(channel_rule).where(*mine, same).values(values)
                    ).rowcount
                    == 1
                )
        except IntegrityError:
            return False  # somebody else set it first, for the first time

    def usd(self, team: str, channel: str) -> float:
        """The channel's own cap in USD a day, 0 for none."""
        return self.of(team, channel).usd
