"""`/beagle stats [7d|30d|90d]`: requests, shares, latency and cost, by route."""

from __future__ import annotations

from collections.abc import Sequence

from bot.commands import CommandContext, text_reply
from bot.routing.tier_report import visible_lines
from bot.ui import rich_text
from bot.ui import stats as figures
from bot.ui.blocks import Rendered, clock_time, paragraph
from bot.ui.texts import common
from bot.ui.texts import stats as texts
from bot.ui.texts.weekly import day
from router.store.requests.failed_requests import FailedRequest
from router.store.usage.spend import Cap
from router.store.usage.stats import day_start
from router.text.printable import shorten
from router.text.redact import redact_for_display
from workers.readiness.money_text import format_usd

HELP = "`[7d|30d|90d]` requests, share per route, latency and cost"
ADMIN_HELP = "`failed` the newest requests that failed, and why"
FAILED = "failed"
FAILED_DAYS = 30
MAX_FAILED = 10
MAX_FAILED_CHARS = 150


def run(context: CommandContext) -> Rendered:
    """Shows the figures of the last days, 7 unless another period is named."""
    span = context.words[0].lower() if context.words else "7d"
    if span == FAILED:
        return failed_requests(context)
    if span not in figures.SPANS:
        return text_reply(texts.SPANS.format(spans=", ".join(figures.SPANS)))

    # Today and so many whole days before it: a Monday morning still shows seven full days.
    since = day_start(context.now(), figures.SPANS[span])
    period = context.store.stats.since(context.team, since)
    visible = context.routing.visible_stats(period, context.person, context.channel)
    person, channel = context.person, context.channel
    tiers = visible_lines(context.routing, context.store, person, channel, since)
    reasons = context.store.stats.bad_answers(context.team, since)
    return figures.render_stats(span, visible, _limits(context), tiers, reasons)


def failed_requests(context: CommandContext) -> Rendered:
    """Lists the newest failed requests for an admin, with the words that the admin may read."""
    if not context.is_admin:
        return text_reply(common.ADMINS_ONLY)

    since = day_start(context.now(), FAILED_DAYS)
    found = context.store.stats.failed(context.team, since, MAX_FAILED)
    if not found:
        return text_reply(texts.FAILED_NONE)

    readable = _readable(context, found)
    opted_out = context.store.opt_outs.for_team(context.team)
    items = []
    for failed in found:
        request = failed.request
        is_outside = bool(request.user_team or request.author_team)
        writer = request.author or request.user
        is_shown = request.channel in readable and not is_outside and writer not in opted_out
        items.append(_failed_item(failed, is_shown=is_shown))

    title = texts.FAILED_TITLE.format(count=len(found))
    return Rendered(title, [paragraph(title), rich_text.block([rich_text.bullets(items)])])


def _readable(context: CommandContext, found: Sequence[FailedRequest]) -> frozenset[str]:
    """Returns the channels of these requests that are public and that the admin may read now."""
    rights = context.routing.rights
    channels = {one.request.channel for one in found if one.request.channel_kind == "public"}
    return rights.readable(context.person, rights.public_channels(context.team, channels))


def _failed_item(failed: FailedRequest, *, is_shown: bool) -> list[rich_text.Element]:
    request = failed.request
    why = common.ERRORS.get(failed.error or "gave_up", common.ERRORS["internal"])
    at = f"{day(request.received_at)} {clock_time(request.received_at)}"
    route = failed.route or texts.FAILED_NO_ROUTE
    # The first sentence says what happened; the others are for whoever asked.
    line = texts.FAILED_ITEM.format(at=at, route=route, why=why.split(". ", 1)[0].rstrip("."))
    words = texts.FAILED_PRIVATE
    if is_shown and request.text:
        words = f"“{shorten(redact_for_display(request.text), MAX_FAILED_CHARS)}”"

    return [*rich_text.text(f"{line} "), *rich_text.text(words, italic=True)]


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
