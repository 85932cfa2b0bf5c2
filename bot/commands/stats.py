"""`/beagle stats [7d|30d|90d]`: requests, shares, latency and cost, by route."""

from __future__ import annotations

from bot.commands import Asked
from bot.ui import stats as figures
from bot.ui.blocks import Shown, clock, money, words
from bot.ui.texts import stats as texts
from router.store.usage.spend import Cap, Spend

HELP = "`[7d|30d|90d]` requests, share per route, latency and cost"
DAY = 86_400.0


def run(asked: Asked) -> Shown:
    """The figures of the last days, 7 unless said otherwise."""
    span = asked.words[0].lower() if asked.words else "7d"
    if span not in figures.SPANS:
        said = texts.SPANS.format(spans=", ".join(figures.SPANS))
        return Shown(said, [words(said)])

    period = asked.store.stats.since(asked.team, asked.now() - figures.SPANS[span] * DAY)
    return figures.shown(span, period, _budget(asked))


def _budget(asked: Asked) -> dict[str, str]:
    """What was used of the caps today and who is stopped by one; for admins, where there are caps."""
    s = asked.settings
    if not asked.admin:
        return {}

    person = Cap(("user", ""), s.cap_user_requests, s.cap_user_usd)
    channel = Cap(("channel", ""), s.cap_channel_requests, s.cap_channel_usd)
    today = Spend(asked.store.engine).today(asked.team, asked.now(), person, channel)
    used = []

    if s.cap_team_usd:
        used.append(texts.OF.format(used=money(today.team.usd), most=money(s.cap_team_usd)))
    if s.cap_team_requests:
        used.append(texts.OF_REQUESTS.format(used=today.team.requests, most=s.cap_team_requests))

    found = {texts.USED.format(when=clock(today.resets_at)): ", ".join(used)} if used else {}
    if person.requests or person.usd or channel.requests or channel.usd:
        found[texts.STOPPED] = texts.STOPPED_BY.format(
            people=today.people_over, channels=today.channels_over
        )

    return found
