"""`/beagle stats [7d|30d|90d]`: requests, shares, latency and cost, by route."""

from __future__ import annotations

from bot.commands import CommandContext, text_reply
from bot.routing.tier_report import visible_lines
from bot.ui import stats as figures
from bot.ui.blocks import Rendered, clock_time
from bot.ui.texts import stats as texts
from router.store.usage.spend import Cap
from router.store.usage.stats import day_start
from workers.readiness.money_text import format_usd

HELP = "`[7d|30d|90d]` requests, share per route, latency and cost"


def run(context: CommandContext) -> Rendered:
    """Shows the figures of the last days, 7 unless another period is named."""
    span = context.words[0].lower() if context.words else "7d"
    if span not in figures.SPANS:
        return text_reply(texts.SPANS.format(spans=", ".join(figures.SPANS)))

    # Today and so many whole days before it: a Monday morning still shows seven full days.
    since = day_start(context.now(), figures.SPANS[span])
    period = context.store.stats.since(context.team, since)
    visible = context.routing.visible_stats(period, context.person, context.channel)
    person, channel = context.person, context.channel
    tiers = visible_lines(context.routing, context.store, person, channel, since)
    return figures.render_stats(span, visible, _limits(context), tiers)


def _limits(context: CommandContext) -> dict[str, str]:
    """Returns how much of today's limits is used and who has reached one; for admins only."""
    settings = context.settings
    if not context.is_admin:
        return {}

    user = Cap(("user", ""), settings.cap_user_requests, settings.cap_user_usd)
    channel = Cap(("channel", ""), settings.cap_channel_requests, settings.cap_channel_usd)
    today = context.store.spend.daily_usage(context.team, context.now(), user, channel)
    used = []

    if settings.cap_team_usd:
        spent, limit = format_usd(today.team.usd), format_usd(settings.cap_team_usd)
        used.append(texts.OF.format(used=spent, most=limit))
    if settings.cap_team_requests:
        limit_text = texts.OF_REQUESTS.format(
            used=today.team.requests, most=settings.cap_team_requests
        )
        used.append(limit_text)

    lines = {}
    if used:
        lines[texts.USED.format(when=clock_time(today.resets_at))] = ", ".join(used)
    if user.requests or user.usd or channel.requests or channel.usd:
        lines[texts.STOPPED] = texts.STOPPED_BY.format(
            people=today.people_over, channels=today.channels_over
        )

    return lines
