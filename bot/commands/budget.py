"""`/beagle budget`: the spending limits of today, and how much of them was used."""

from __future__ import annotations

from typing import Literal, TypeAlias

from bot.commands import CommandContext
from bot.ui import stats as figures
from bot.ui.blocks import Rendered, clock_time
from bot.ui.texts import commands as texts
from router.store.usage.spend import DAY_SECONDS
from workers.readiness.money_text import format_usd

HELP = "what you, this channel and the workspace may spend today, and how much of it was spent"
Kind: TypeAlias = Literal["user", "channel", "team"]


def run(context: CommandContext) -> Rendered:
    """Shows everybody their own spending and the channel's; admins see the workspace's, too."""
    settings, team = context.settings, context.team
    own_limit = context.store.channel_rules.daily_cap_usd(team, context.channel)
    channel_limit = own_limit or settings.cap_channel_usd

    lines = {
        texts.BUDGET_YOURS: _line(context, "user", f"{team}/{context.user}", settings.cap_user_usd),
        texts.BUDGET_CHANNEL: _line(context, "channel", f"{team}/{context.channel}", channel_limit),
    }
    # What the workspace spends is for admins alone.
    if context.is_admin:
        lines[texts.BUDGET_TEAM] = _line(context, "team", team, settings.cap_team_usd)

    lines[texts.BUDGET_RESETS] = clock_time((_today(context) + 1) * DAY_SECONDS)
    text = "; ".join(f"{name}: {value}" for name, value in lines.items())

    return Rendered(text, [figures.fields(lines)])


def _line(context: CommandContext, kind: Kind, key: str, limit: float) -> str:
    spent = format_usd(context.store.spend.usage((kind, key), _today(context)).usd)
    if not limit:
        return texts.BUDGET_NO_CAP.format(spent=spent)

    return texts.BUDGET_SPENT.format(spent=spent, cap=format_usd(limit))


def _today(context: CommandContext) -> int:
    """Returns the number of the day since 1970: limits start again at midnight UTC."""
    return int(context.now() // DAY_SECONDS)
