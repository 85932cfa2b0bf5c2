"""`/beagle budget`: what may be spent today, and how much of it was."""

from __future__ import annotations

from typing import Literal, TypeAlias

from bot.commands import Asked
from bot.ui import stats as figures
from bot.ui.blocks import Shown, clock, money
from bot.ui.texts import common as texts
from router.store.usage.spend import DAY_SECONDS, Spend

HELP = "what you, this channel and the workspace may spend today, and how much of it was spent"
Kind: TypeAlias = Literal["user", "channel", "team"]


def run(asked: Asked) -> Shown:
    """Everybody sees their own share and the channel's; the workspace's is for admins."""
    s, own = asked.settings, asked.store.rules.usd(asked.team, asked.channel)
    lines = {
        texts.BUDGET_YOURS: _line(asked, "user", f"{asked.team}/{asked.user}", s.cap_user_usd),
        texts.BUDGET_CHANNEL: _line(
            asked, "channel", f"{asked.team}/{asked.channel}", own or s.cap_channel_usd
        ),
    }

    if asked.admin:
        lines[texts.BUDGET_TEAM] = _line(asked, "team", asked.team, s.cap_team_usd)

    resets = (int(asked.now() // DAY_SECONDS) + 1) * DAY_SECONDS
    lines[texts.BUDGET_RESETS] = clock(resets)
    said = "; ".join(f"{name}: {value}" for name, value in lines.items())

    return Shown(said, [figures.fields(lines)])


def _line(asked: Asked, kind: Kind, key: str, cap: float) -> str:
    spent = Spend(asked.store.engine).of((kind, key), int(asked.now() // DAY_SECONDS)).usd
    return f"{money(spent)} of {money(cap)}" if cap else f"{money(spent)}, no cap"
