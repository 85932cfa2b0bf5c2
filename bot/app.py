"""The composition root: the only place that chooses the real part behind each port."""

from __future__ import annotations

import os
import socket
import threading
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bot.admins import Admins
from bot.periodic_work import ERASURE_SECONDS, leader_work, own_work, periodic_tasks
from bot.replies.replies import SlackReplies
from bot.replies.sending import SlackSender
from bot.route_watcher import RouteWatcher
from bot.routing.drafted import without_unserved
from bot.routing.publication import MEASURE_SECONDS, Publication
from bot.routing.route_access import route_offers, usable_routes
from bot.routing.service import RoutingService
from bot.slack_app import SlackApp
from bot.transport.clients import Clients
from bot.transport.directory import SlackDirectory
from bot.transport.health import LeaderCollector
from bot.transport.workspaces import open_workspaces
from router.catalog.catalog import Catalog
from router.catalog.installed import has_larger_model, installed_routes, route_folders
from router.config import Settings
from router.encoder.factory import open_encoder
from router.encoder.lazy import LazyEncoder
from router.encoder.protocol import Encoder
from router.errors import QueueError
from router.learning.learner import Learner
from router.log import get_log
from router.store import Store, open_store
from router.types import Request, RouteOffer
from workers.context import Context
from workers.jobs import POOLED, first_jobs, queue_of_job
from workers.knowledge.relevance.quote_scorer import QuoteScorer
from workers.llm.gateway import Gateway
from workers.llm.litellm_client import LiteLLMClient, open_model
from workers.llm.local.adapter_keys import parse_adapter_key
from workers.llm.local.launch import LocalServerOptions
from workers.llm.local.models import LocalModels
from workers.llm.model_check import vision_lookup
from workers.llm.model_client import LocalServer
from workers.llm.model_prices import log_prices
from workers.paths.head import clear_heads
from workers.privacy.folder_erasure import FolderErasures
from workers.privacy.workspace_files import INTERVAL_SECONDS as FILES_SECONDS
from workers.privacy.workspace_files import remove_files_of_others
from workers.runtime.data_folder import open_data_folder
from workers.runtime.embedded_valkey import EmbeddedValkey, start_valkey
from workers.runtime.heap import freeze_startup_objects
from workers.runtime.leases import Leases
from workers.runtime.person_limit import PersonLimit
from workers.runtime.process_values import new_id as new_id
from workers.runtime.process_values import now as now
from workers.runtime.process_values import random_share as random_share
from workers.runtime.processes import limit_ending
from workers.runtime.queue import RqQueue, is_alive
from workers.runtime.rate_limit import TokenBuckets
from workers.runtime.reaper import reap
from workers.runtime.scheduling.leader import PERIODIC, REAPER, LeaderLease, process_name
from workers.runtime.scheduling.periodic import PeriodicTask, stop_all
from workers.runtime.steady_clock import SteadyClock, open_clock
from workers.worker import serve, warm_up_local_model, warm_up_models

ROUTES_SECONDS = 2.0
"""How often the route folders are checked for changes."""


def folders(settings: Settings) -> RouteWatcher:
    """Builds the watcher of the built-in routes and of the team's own, which override them."""
    return RouteWatcher(*route_folders(settings), larger_model=has_larger_model(settings))


def catalog(settings: Settings) -> Catalog:
    """Loads the routes as the folders are now."""
    return installed_routes(settings)


@dataclass(slots=True)
class Backend:
    """The store and the queue, which every process needs.

    `broker` is set where this process uses the embedded Valkey.
    """

    store: Store
    queue: RqQueue
    url: str
    broker: EmbeddedValkey | None
    folder: Path
    clock: SteadyClock

    def restart_broker_if_dead(self) -> None:
        """Restarts an embedded broker; an external one is its operator's."""
        if self.broker is not None and not is_alive(self.url):
            get_log(part="queue").warning("broker_restarted")
            self.broker.stop()
            self.broker = start_valkey(self.folder, is_alive)

    def lead(self, work: str, settings: Settings) -> LeaderLease:
        """Returns this process's bid for the periodic work of that name."""
        seconds = settings.leader_lease_seconds
        return LeaderLease(self.store, work, process_name(), self.clock, seconds)

    def reaper_task(self, leader: LeaderLease, settings: Settings) -> PeriodicTask:
        """Returns the task that looks after this process's broker and, as leader, for all rows."""
        reap = leader.led(partial(self.wake_overdue, settings.lease_seconds))

        def run() -> None:
            self.restart_broker_if_dead()
            self.clock.report_jump()
            reap()

        return PeriodicTask("reaper", settings.reaper_interval_seconds, run)

    def wake_overdue(self, lease_seconds: float) -> None:
        """Enqueues what a worker that died, or a wake-up call that was lost, left undone."""
        reap(self.store, self.queue, self.clock(), lease_seconds)

    def close(self) -> None:
        """Closes both, and stops the broker where this process started it."""
        self.queue.close()
        self.clock.close()
        self.store.close()
        if self.broker is not None:
            self.broker.stop()


def open_backend(settings: Settings, *, migrates: bool = True) -> Backend:
    """Opens the store, migrated, and a queue that answers.

    Raises QueueError or StoreError saying what to do.
    """
    open_data_folder(settings.data)
    store = open_store(settings.store_url, settings.database_pool, migrates=migrates)
    url = settings.redis_url.get_secret_value()
    broker = None

    if not url:
        broker = start_valkey(settings.data, is_alive)
        url = broker.url
    elif not is_alive(url):
        raise QueueError(
            "opening the queue: REDIS_URL is set but no server answers there; start it, "
            "correct the URL, or remove REDIS_URL to use the embedded one"
        )

    queue = RqQueue(url, queue_of_job(), first_jobs())
    clock = open_clock(store, settings.data)
    return Backend(store, queue, url, broker, settings.data, clock)


def encoder(settings: Settings) -> Encoder:
    """Builds the encoder of the settings; the fast one is exported at its first use."""
    return open_encoder(settings.encoder, settings.encoder_cache)


def learner(settings: Settings, text_encoder: Encoder) -> Learner:
    """Builds the learner that trains the routers; the data folder keeps the newest."""
    folder = settings.data / "router"
    return Learner(text_encoder, folder, settings.seed, settings.false_reject, trains_apart=True)


def rate_limiter(settings: Settings, backend: Backend) -> TokenBuckets | None:
    """Builds token buckets that all processes share; None where they are switched off."""
    return TokenBuckets(backend.url) if settings.slack_rate_limiting else None


def replies(clients: Clients, store: Store, routes: Catalog, admins: Admins) -> SlackReplies:
    """Returns the `Replies` port on Slack's Web API."""

    def offers(request: Request) -> list[RouteOffer]:
        rule = store.channel_rules.for_channel(request.team, request.channel)
        is_admin = admins.includes(request.asker)
        known = store.drafted_routes.joined(request.team, routes)
        usable = usable_routes(known, rule, is_admin=is_admin)
        return route_offers(without_unserved(usable, routes, store, request.asker))

    part, sent = store.message_parts.get, store.sendings.passed_on
    return SlackReplies(clients, store.replies, now, offers, store.proposals.get, part, sent)


def local_model(
    settings: Settings, routes: Catalog, store: Store | None = None
) -> LocalModels | None:
    """Builds the model servers on this machine, ours or another process's.

    None when the settings name another model. With a store, what was trained later is loaded when
    a request needs it.
    """
    if settings.model != "local" or settings.model_url:
        return None

    find_adapter = None
    if store is not None:
        artefacts = store.artefacts

        def find_adapter(key: str) -> Path | None:
            team, name = parse_adapter_key(key)
            return artefacts.materialise(team, name, settings.artefact_folder(team))

    options = LocalServerOptions(threads=settings.local_threads, slots=settings.local_concurrency)
    limit = settings.trained_models_at_once
    return LocalModels(settings.data, routes.adapter_files(), options, find_adapter, limit)


def gateway(settings: Settings, store: Store, local: LocalServer | None) -> Gateway:
    """Builds the model gateway, with the budgets of the settings."""
    channel_cap = store.channel_rules.daily_cap_usd
    return open_model(settings, local, now, random_share, store.spend, channel_cap)


class BotProcess:
    """The bot process: receives, stores, decides.

    It needs no model and, with the fast encoder, no torch.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._backend = open_backend(settings)
        self._routes = folders(settings)

        store, queue = self._backend.store, self._backend.queue
        self._publication = Publication(store, queue, now)
        self._publication.publish(self._routes.catalog)
        workspaces = open_workspaces(settings, store, rate_limiter(settings, self._backend), now)
        text_encoder = encoder(settings)
        if workspaces.installations is None:
            workspaces.bot_user("")  # a wrong token is told before the encoder is made
            # This start may have the new token that some answers wait for.
            store.requests.wake_token_waiters(now())
        else:
            workspaces.installations.warn_where_anybody_may_install()
            workspaces.installations.reseal()

        admins = Admins(settings, store.audit, now, workspaces.installer)
        self._routing = RoutingService(
            self._routes.catalog,
            learner(settings, text_encoder),
            store,
            queue,
            admins,
            SlackDirectory(lambda team: workspaces.clients.for_team(team).retrying),
        )
        self._routing.limit = PersonLimit(settings.requests_per_minute, now, self._backend.url)
        self.bot = SlackApp(settings, store, queue, self._routing, workspaces, new_id)
        self._leader = self._backend.lead(PERIODIC, settings)
        self._reaper = self._backend.lead(REAPER, settings)
        self.bot.metrics.register(LeaderCollector(lambda: self._leader.is_held))
        led = {
            **leader_work(settings, store, queue, self.bot, self._routing, workspaces.clients),
            "tiers": (MEASURE_SECONDS, self._measure_again),
        }
        own = own_work(settings, store, self.bot)
        self._tasks = [
            PeriodicTask("routes", ROUTES_SECONDS, self._reload),
            self._backend.reaper_task(self._reaper, settings),
            *periodic_tasks(self._leader, led, own),
        ]
        self._stopped = threading.Event()

    def run(self) -> None:
        """Serves until `stop` is called from a signal handler."""
        self.bot.start()
        self._routing.trainer.start()
        self._leader.start()
        self._reaper.start()
        for task in self._tasks:
            task.start()

        freeze_startup_objects()
        try:
            self._stopped.wait()
        finally:
            limit_ending()
            # Rewriting a server's tables may take longer than a process is given to end.
            self._backend.store.personal_data.stop_overwriting()
            stop_all(self._tasks)
            # Now, so that another bot goes on with the work while this one still answers.
            self._leader.stop()
            self._reaper.stop()
            self.bot.stop()
            self._routing.trainer.stop()
            self._backend.close()

    def stop(self) -> None:
        """Makes `run` return soon."""
        self._stopped.set()

    def _measure_again(self) -> None:
        self._publication.measure_again(self._routes.catalog)

    def _reload(self) -> None:
        """Applies changed route folders; a broken one leaves the last good version live."""
        if self._routes.poll():
            self._publication.publish(self._routes.catalog)
            self._routing.reload(self._routes.catalog)


class WorkerProcess:
    """One worker process: the parts its jobs need, and threads for leases and overdue rows."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._backend = open_backend(settings)
        store = self._backend.store
        routes = catalog(settings)
        self._needs_encoder = any(route.version.needs_encoder for route in routes.routes.values())
        self._local = local_model(settings, routes, store)
        client = LiteLLMClient(settings.connect_timeout_seconds)
        log_prices(settings, routes, client.price)
        workspaces = open_workspaces(settings, store, rate_limiter(settings, self._backend), now)
        clients = workspaces.clients
        admins = Admins(settings, store.audit, now, workspaces.installer)
        worker_name = f"{socket.gethostname()}:{os.getpid()}"
        self.context = Context(
            settings=settings,
            store=store,
            queue=self._backend.queue,
            model=gateway(settings, store, self._local),
            replies=replies(clients, store, routes, admins),
            leases=Leases(
                store.requests,
                worker_name,
                self._backend.clock,
                settings.lease_seconds,
                settings.person_slots,
            ),
            now=self._backend.clock,
            random=random_share,
            index=store.documents,
            encoder=LazyEncoder(lambda: encoder(settings)),
            quote_scorer=QuoteScorer(settings.encoder_cache),
            directory=SlackDirectory(lambda team: clients.for_team(team).retrying),
            sees=vision_lookup(settings, client.lists_vision),
            sender=SlackSender(clients, store.sendings.is_current, store.reminders),
        )
        erasures = FolderErasures(store, settings.data, socket.gethostname(), now)
        self._reaper = self._backend.lead(REAPER, settings)
        self._tasks = [
            self._backend.reaper_task(self._reaper, settings),
            PeriodicTask("erasure", ERASURE_SECONDS, erasures.run_once),
            PeriodicTask("workspace-files", FILES_SECONDS, self._remove_files),
        ]
        if self._local is not None:
            check = self._local.restart_if_dead
            self._tasks.append(PeriodicTask("model", settings.reaper_interval_seconds, check))

    def run(self, queue: str) -> None:
        """Takes jobs from one queue until SIGTERM or SIGINT, then finishes what was begun.

        Call it in the main thread: it installs signal handlers.
        """
        self.context.leases.start()
        self._reaper.start()
        for task in self._tasks:
            task.start()

        if queue in POOLED and self._needs_encoder:
            warm_up_models(self.context.encoder, self.context.quote_scorer)
        if self._local is not None:
            warm_up_local_model(self.context.model)

        freeze_startup_objects()
        try:
            serve(self.context, self._backend.url, queue, threading.Event())
        finally:
            limit_ending()
            stop_all(self._tasks)
            self._reaper.stop()
            self.context.leases.stop()
            if self._local is not None:
                self._local.stop()

            self._backend.close()

    def _remove_files(self) -> None:
        """Removes what this machine still has of workspaces that left."""
        if remove_files_of_others(self._backend.store, self._settings.data):
            clear_heads()
        if self._local is not None:
            self._local.unload_removed()
