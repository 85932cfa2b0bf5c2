"""Puts the parts together: the only place that chooses which real part stands behind which port."""

from __future__ import annotations

import os
import random
import socket
import threading
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

from bot.listeners.home import EVERY_SECONDS as HOME_SECONDS
from bot.replies.replies import SlackReplies
from bot.route_watcher import Folders
from bot.routing.service import Decider, offers
from bot.slack_app import Bot
from bot.transport.clients import Clients
from bot.transport.directory import SlackDirectory
from bot.transport.workspaces import open_workspaces
from bot.weekly.rollout_publisher import EVERY_SECONDS as CARDS_SECONDS
from bot.weekly.scheduler import SECONDS as WEEKLY_SECONDS
from router.catalog.catalog import Catalog, builtin_routes_folder
from router.config import Settings
from router.encoder.factory import Encoder, open_encoder
from router.errors import ModelError, QueueError
from router.learning.learner import Learner
from router.log import get_log
from router.publish import publish
from router.store import Store, open_store
from router.store.knowledge.index import Knowledge
from router.store.usage.spend import Spend
from workers.context import Context
from workers.jobs import queue_of_job
from workers.jobs.advance import wake_all
from workers.llm.gateway import LOCAL, Gateway
from workers.llm.litellm_client import open_model
from workers.llm.local_server import LocalModel, Options
from workers.ports import Call, Message
from workers.privacy.retention import SECONDS as HOUSEKEEPING_SECONDS
from workers.privacy.retention import Housekeeping
from workers.runtime.embedded_valkey import Broker, start_broker
from workers.runtime.leases import Leases
from workers.runtime.queue import RqQueue, alive
from workers.runtime.rate_limit import Pace
from workers.runtime.reaper import Every, reap, reap_proposals
from workers.worker import serve

ROUTES_SECONDS = 2.0
ROAD_SECONDS = 10.0
"""How often candidates on their way are looked at again: a canary that goes wrong is taken back
after so long."""


def now() -> float:
    """The real clock, in unix seconds."""
    return time.time()


def chance() -> float:
    """A share in 0-1 that nobody can foresee."""
    return random.SystemRandom().random()


def new_id() -> str:
    """A fresh id; sorts roughly by time."""
    return f"{int(now() * 1000):011x}{uuid.uuid4().hex[:13]}"


def folders(settings: Settings) -> Folders:
    """The built-in routes with the team's own folder over them."""
    own = [] if settings.routes is None else [settings.routes]
    return Folders(builtin_routes_folder(), *own)


def catalog(settings: Settings) -> Catalog:
    """The routes as the folders are now."""
    return folders(settings).catalog


@dataclass(slots=True)
class Delivery:
    """The store and the queue, which every process needs. `broker` is set where the queue is the embedded one."""

    store: Store
    queue: RqQueue
    url: str
    broker: Broker | None
    folder: Path

    def revive(self) -> None:
        """An embedded broker answers again when it had died; an external one is its owner's to restart."""
        if self.broker is not None and not alive(self.url):
            get_log(part="queue").warning("broker_restarted")
            self.broker.stop()
            self.broker = start_broker(self.folder, alive)

    def close(self) -> None:
        """Everything is closed; the broker ends where this process had started it."""
        self.queue.close()
        self.store.close()
        if self.broker is not None:
            self.broker.stop()


def open_delivery(settings: Settings) -> Delivery:
    """The store, migrated, and a queue that answers. Raises QueueError or StoreError saying what to do."""
    store = open_store(settings.store_url)
    url = settings.redis_url.get_secret_value()
    broker = None

    if not url:
        broker = start_broker(settings.data, alive)
        url = broker.url
    elif not alive(url):
        raise QueueError(
            "opening the queue: REDIS_URL is set but no server answers there; start it, correct the URL, "
            "or remove REDIS_URL to use the embedded one"
        )

    return Delivery(store, RqQueue(url, queue_of_job()), url, broker, settings.data)


def encoder(settings: Settings) -> Encoder:
    """The encoder of the settings; the fast one is made in the data folder at first use."""
    return open_encoder(settings.encoder, settings.encoder_cache)


def learner(settings: Settings, taught: Encoder) -> Learner:
    """What trains the installation's routers; it keeps the newest in the data folder."""
    return Learner(taught, settings.data / "router", settings.seed, settings.false_reject)


def replies(clients: Clients, store: Store, routes: Catalog) -> SlackReplies:
    """Answers through Slack's Web API."""
    return SlackReplies(clients, store.replies, now, lambda: offers(routes), store.proposals.get)


def local_model(
    settings: Settings, routes: Catalog, store: Store | None = None
) -> LocalModel | None:
    """The model server on this machine, ours or another process's; None when the settings name another model.

    With a store it loads what was trained since as soon as a request needs it.
    """
    if settings.model != "local" or settings.model_url:
        return None

    options = Options(threads=settings.local_threads, slots=settings.local_slots)
    find = None if store is None else lambda name: store.artefacts.file(name, settings.artefacts)
    return LocalModel.start(settings.data, routes.adapters(), options, find)


def gateway(settings: Settings, store: Store, local: LocalModel | None) -> Gateway:
    """The way to every model, with the caps of the settings."""
    return open_model(settings, local, now, chance, Spend(store.engine), store.rules.usd)


class BotProcess:
    """The bot process: receives, remembers, decides. It needs no model and, with the fast encoder, no torch."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._delivery = open_delivery(settings)
        store = self._delivery.store
        self._folders = folders(settings)
        taught = encoder(settings)
        self._publish()
        self._decider = Decider(
            self._folders.catalog, learner(settings, taught), store, self._delivery.queue, now
        )
        self._pace = Pace(self._delivery.url) if settings.slack_pace else None

        workspaces = open_workspaces(settings, store, self._pace, now)
        if workspaces.installs is None:
            store.requests.token_back(now())  # this start may have brought a new one

        self.bot = Bot(settings, store, self._delivery.queue, self._decider, workspaces, new_id)
        self._tasks = [
            Every(
                "overdue",
                settings.reap_seconds,
                lambda: self._decider.overdue(settings.lease_seconds),
            ),
            Every("road", ROAD_SECONDS, lambda: wake_all(store, self._delivery.queue)),
            Every("routes", ROUTES_SECONDS, self._reload),
            Every("reaper", settings.reap_seconds, self._reap),
            Every("home", HOME_SECONDS, self.bot.home.refresh),
            Every("road-cards", CARDS_SECONDS, self.bot.road.tick),
            Every("weekly", WEEKLY_SECONDS, self.bot.weekly.tick),
            Every(
                "housekeeping",
                HOUSEKEEPING_SECONDS,
                Housekeeping(
                    store, self._delivery.queue, taught.model_id, settings.keep_days, now
                ).once,
            ),
        ]

        self._stopped = threading.Event()

    def run(self) -> None:
        """Serve until `stop` is called from a signal handler."""
        self.bot.start()
        self._decider.learning.start()

        for task in self._tasks:
            task.start()

        try:
            self._stopped.wait()
        finally:
            for task in self._tasks:
                task.stop()

            self.bot.stop()
            self._decider.learning.stop()
            self._delivery.close()

    def stop(self) -> None:
        """`run` returns soon."""
        self._stopped.set()

    def _reap(self) -> None:
        self._delivery.revive()
        reap(
            self._delivery.store.requests, self._delivery.queue, now(), self._settings.lease_seconds
        )
        reap_proposals(self._delivery.store.proposals, self._delivery.queue, now())

    def _publish(self) -> None:
        for problem in self._folders.catalog.problems:
            get_log(part="routes").warning("route_left_out", problem=problem)

        published = publish(self._folders.catalog, self._delivery.store, now())
        for name in published.live:
            get_log(part="routes").info("route_live", route=name)

        for version in published.unjudged:
            try:
                self._delivery.queue.wake("judge_version", version)
            except QueueError as error:
                # It stays in shadow and the live version answers; the next start asks again.
                get_log(part="routes").warning("not_judged", version=version, error=str(error))

    def _reload(self) -> None:
        """A changed route folder counts from now on; a broken one leaves the last good version live."""
        if self._folders.changed():
            self._publish()
            self._decider.use(self._folders.catalog)


class WorkerProcess:
    """One worker process: what its steps need, and the threads that keep leases and wake late rows."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._delivery = open_delivery(settings)
        routes = catalog(settings)
        store = self._delivery.store
        self._local = local_model(settings, routes, store)
        self._pace = Pace(self._delivery.url) if settings.slack_pace else None
        clients = open_workspaces(settings, store, self._pace, now).clients
        leases = Leases(
            store.requests, f"{socket.gethostname()}:{os.getpid()}", now, settings.lease_seconds
        )
        self.context = Context(
            settings=settings,
            store=store,
            queue=self._delivery.queue,
            model=gateway(settings, store, self._local),
            replies=replies(clients, store, routes),
            leases=leases,
            now=now,
            random=chance,
            search=Knowledge(store.engine),
            encoder=lambda: encoder(settings),
            directory=SlackDirectory(lambda team: clients.of(team).patient),
        )

        self._reaper = Every("reaper", settings.reap_seconds, self._reap)

    def run(self, queue: str) -> None:
        """Work on one queue until SIGTERM or SIGINT, then finish what was begun. Call it in the main thread."""
        self.context.leases.start()
        self._reaper.start()
        if self._local is not None:
            self._warm_up()

        try:
            serve(self.context, self._delivery.url, queue, threading.Event())
        finally:
            self._reaper.stop()
            self.context.leases.stop()
            if self._local is not None:
                self._local.stop()

            self._delivery.close()

    def _reap(self) -> None:
        self._delivery.revive()
        if self._local is not None:
            self._local.revive()

        reap(
            self._delivery.store.requests, self._delivery.queue, now(), self._settings.lease_seconds
        )
        reap_proposals(self._delivery.store.proposals, self._delivery.queue, now())

    def _warm_up(self) -> None:
        """A process's first call loads seconds of vendor code; nobody's question should wait for that."""
        hello: Message = {"role": "user", "content": "hello"}
        try:
            self.context.model.complete(Call([hello], models=(LOCAL,), output_tokens=1))
        except ModelError as error:
            get_log(part="model").warning("not_warm", error=str(error))
