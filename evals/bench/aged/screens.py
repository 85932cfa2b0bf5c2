"""Everything that people open and processes poll, as callables by name, on one store."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, cast

from prometheus_client import CollectorRegistry, generate_latest
from slack_sdk import WebClient

from bot.admins import Admins
from bot.commands import CommandContext, budget, candidates, digest, rollout, stats
from bot.listeners.home import HomePublisher
from bot.listeners.home_view import render_home
from bot.routing.route_access import route_offers, usable_routes
from bot.routing.service import RoutingService
from bot.transport.health import StoreCollector
from bot.weekly.digest_publisher import DigestPublisher
from evals.bench.aged.year import ADMIN, BUSIEST, NOW, PERSON, TEAM
from router.catalog.catalog import Catalog, Route, builtin_routes_folder, load_routes
from router.config import Settings
from router.encoder.onnx import RECIPE
from router.store import Store
from router.store.usage.stats import DAY, Period
from router.types import RouteOffer, SlackPerson, Viewer
from workers.fakes import MemoryQueue
from workers.jobs import queue_of_job
from workers.mining.trend import WEEK, WEEKS
from workers.privacy.housekeeping import Housekeeping
from workers.privacy.record_retention import RecordRetention
from workers.runtime.reaper import reap_proposals, reap_requests, reap_withdrawals

Action = Callable[[], object]
CHANNEL = "C3"
LEASE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class _Routes:
    """The part of the routing service that screens ask: which routes a person may use.

    A routing service would first train a router, which is not what is measured here.
    """

    catalog: Catalog
    store: Store

    def catalog_of(self, team: str) -> Catalog:
        """See `RoutingService.catalog_of`."""
        return self.catalog

    def usable_routes(self, person: SlackPerson, channel: str) -> dict[str, Route]:
        """See `RoutingService.usable_routes`."""
        rule = self.store.channel_rules.for_channel(person.team, channel)
        return usable_routes(self.catalog, rule, is_admin=person.user == ADMIN)

    def offers(self, person: SlackPerson, channel: str) -> list[RouteOffer]:
        """See `RoutingService.offers`."""
        return route_offers(self.usable_routes(person, channel))

    def visible_stats(self, period: Period, person: SlackPerson, channel: str) -> Period:
        """See `RoutingService.visible_stats`; it is an admin who looks."""
        return period


def settings() -> Settings:
    """Returns the settings of the measured installation: an admin, a channel for the digest."""
    return Settings(_env_file=None, admins=(ADMIN,), admin_channel="CADMIN")


def screens(store: Store) -> Mapping[str, Action]:
    """Returns what a person waits for."""
    options, queue = settings(), MemoryQueue(queue_of_job())
    admins = Admins(options, store.audit, _now)
    catalog = load_routes(builtin_routes_folder())
    routing = cast(RoutingService, _Routes(catalog, store))
    home = HomePublisher(options, store, routing, admins, _no_slack)
    registry = CollectorRegistry()
    registry.register(StoreCollector(store, queue, _now, lambda: 0.0))

    def command(run: Callable[[CommandContext], Any], *words: str) -> Action:
        context = CommandContext(
            words, TEAM, ADMIN, CHANNEL, options, store, queue, routing, _now, admins,
            WebClient(), "trigger",
        )  # fmt: skip
        return lambda: run(context)

    newest = store.stats.recent_requests(TEAM, PERSON, 1)[0][0]
    people: Collection[tuple[str, str]] = (
        ("home_admin", ADMIN),
        ("home_person", PERSON),
        ("home_busiest", BUSIEST),
    )
    homes = {name: _home(home, user) for name, user in people}
    return {
        **{f"stats_{span}": command(stats.run, span) for span in ("7d", "30d", "90d")},
        **homes,
        "budget": command(budget.run),
        "candidates": command(candidates.run),
        "digest": command(digest.run),
        "rollout": command(rollout.run),
        "label": lambda: store.labels.uncertain_requests(TEAM, NOW - 14 * DAY),
        "label_counts": lambda: store.labels.all(TEAM),
        "why": lambda: store.requests.find(TEAM, newest.channel, newest.ts),
        "assistant": lambda: store.stats.since(TEAM, NOW - 30 * DAY, PERSON),
        "metrics": lambda: generate_latest(registry),
        "doctor": store.requests.dead_letters,
        "choose_team": store.known_teams.all,
        "readable_text": lambda: store.labels.readable_text(
            newest.id, Viewer(TEAM, PERSON, frozenset())
        ),
    }


def polls(store: Store) -> Mapping[str, Action]:
    """Returns what the bot and the workers do again and again without being asked."""
    options, queue = settings(), MemoryQueue(queue_of_job())
    scheduler = DigestPublisher(options, store, queue, _no_slack, _now)
    housekeeping = Housekeeping(store, queue, RECIPE, options, _now)
    records = RecordRetention(store, options, _now)

    return {
        "weekly_scan": scheduler.tick,
        "housekeeping": housekeeping.run_once,
        "records": records.run_once,
        "usage_counts": store.usage_counts.count_events,
        "undecided": lambda: store.undecided.overdue(NOW),
        "overdue": lambda: reap_requests(store.requests, queue, NOW, LEASE_SECONDS),
        "proposals": lambda: reap_proposals(store.proposals, queue, NOW),
        "withdrawals": lambda: reap_withdrawals(store.requests, queue, NOW, LEASE_SECONDS),
        "lease": lambda: store.requests.claim("worker", NOW, LEASE_SECONDS, 2),
        "labels": store.labels.fingerprints,
        "public_channels": lambda: store.access.stale_public_channels(
            since=NOW - 3600, tried=NOW - 60, limit=50
        ),
        "channel_usage": lambda: store.stats.route_counts(TEAM, CHANNEL, NOW - 30 * DAY),
        "open": lambda: store.requests.open_count(NOW),
        "workspace_files": lambda: store.known_teams.has_requests(TEAM),
    }


def jobs(store: Store) -> Mapping[str, Action]:
    """Returns what background jobs read: nobody waits for them, but they hold the database."""
    since = NOW - WEEKS * WEEK
    return {
        "digest_requests": lambda: store.mining.requests(TEAM, since, NOW),
        "digest_questions": lambda: store.document_questions.between(TEAM, since, NOW),
        "canary_figures": lambda: store.shadow_runs.answer_metrics(
            TEAM, "handbook", "v1", NOW - 7 * DAY
        ),
    }


def _home(home: HomePublisher, user: str) -> Action:
    return lambda: render_home(home.load(SlackPerson(TEAM, user)))


def _now() -> float:
    return NOW


def _no_slack(team: str) -> WebClient:
    raise AssertionError(f"calling Slack in workspace {team}: nothing here is posted")
