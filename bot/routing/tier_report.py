"""What the tiers of routes did in a period, and what that saved against always the strongest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from bot.routing.service import RoutingService
from bot.ui.texts import tiers as texts
from router.catalog.catalog import Catalog, Route
from router.store import Store
from router.store.versions.quality import TierUsage
from router.tiers.record import measured_rows, price_of
from router.types import SlackPerson
from workers.readiness.money_text import format_usd


@dataclass(frozen=True, slots=True)
class RouteTiers:
    """The tiers of a route that answered in a period, the cheapest first.

    `saved_usd` is what the answers would have cost from the `strongest` tier, less what they did;
    None where nobody knows what that tier costs. `strongest_usd` is the former.
    """

    route: str
    tiers: tuple[TierUsage, ...]
    strongest: str
    strongest_usd: float | None
    saved_usd: float | None


def visible_lines(
    routing: RoutingService, store: Store, person: SlackPerson, channel: str, since: float
) -> list[str]:
    """Returns a line for each route with tiers that the person may use in the channel."""
    routes = routing.usable_routes(person, channel)
    return report_lines(tier_report(store, routing.catalog, person.team, since, routes))


def tier_report(
    store: Store, catalog: Catalog, team: str, since: float, routes: Collection[str]
) -> list[RouteTiers]:
    """Returns a report for each of `routes` whose tiers answered in the workspace since a time."""
    by_route: dict[str, list[TierUsage]] = defaultdict(list)
    for usage in store.quality.usage(team, since):
        if usage.route in routes:
            by_route[usage.route].append(usage)

    reports = []
    for name in sorted(by_route):
        route = catalog.routes.get(name)
        if route is not None and route.tiers:
            reports.append(_report(store, team, route, by_route[name]))

    return reports


def _report(store: Store, team: str, route: Route, used: list[TierUsage]) -> RouteTiers:
    order = {tier.name: number for number, tier in enumerate(route.tiers)}
    # Tiers that a rollout made come first: they are the cheap ones.
    tiers = tuple(sorted(used, key=lambda usage: (order.get(usage.tier, -1), usage.version)))
    last = route.tiers[-1]
    price = _price(store, team, route, {usage.version: usage for usage in used})

    requests = sum(usage.answers - usage.escalated for usage in used)
    spent = sum(usage.usd for usage in used)
    if price is None:
        return RouteTiers(route.name, tiers, last.name, None, None)

    return RouteTiers(route.name, tiers, last.name, price * requests, price * requests - spent)


def _price(store: Store, team: str, route: Route, used: Mapping[str, TierUsage]) -> float | None:
    """Returns what an answer of the strongest tier costs, None where nobody knows."""
    last = route.tiers[-1]
    usage = used.get(last.version.id)
    if usage is not None and usage.answers:
        return usage.usd / usage.answers

    measured = store.quality.measurements(team, route.name, [last.version.id])
    return price_of(last.usd, (), measured_rows(measured.get(last.version.id)))


def report_lines(report: Sequence[RouteTiers]) -> list[str]:
    """Returns a line for each route: its tiers' answers and costs, and what they saved."""
    lines = []
    for route in report:
        tiers = "; ".join(_tier_text(usage) for usage in route.tiers)
        line = texts.STATS_ROUTE.format(route=route.route, tiers=tiers)
        lines.append(line + _saved_text(route))

    return lines


def _tier_text(usage: TierUsage) -> str:
    text = texts.STATS_TIER.format(
        tier=usage.tier, answers=usage.answers, usd=format_usd(usage.usd)
    )
    if usage.escalated:
        text += texts.STATS_ESCALATED.format(count=usage.escalated)

    return text


def _saved_text(route: RouteTiers) -> str:
    if route.saved_usd is None or not route.strongest_usd:
        return ""
    if route.saved_usd < 0:
        more = format_usd(-route.saved_usd)
        return texts.STATS_LOST.format(usd=more, strongest=route.strongest)

    share = route.saved_usd / route.strongest_usd
    return texts.STATS_SAVED.format(
        usd=format_usd(route.saved_usd), share=f"{share:.0%}", strongest=route.strongest
    )
