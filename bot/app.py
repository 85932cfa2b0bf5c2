"""Puts the parts together: the only place that chooses which real part stands behind which port."""

from __future__ import annotations

import os
import random
import socket
import threading
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.decider import Decider, offers
from bot.folders import Folders
from bot.serve import Bot
from bot.slack import SlackReplies
from router.catalog import Catalog, builtin_routes_folder
from router.config import Settings
from router.decide import Router
from router.embed import Encoder, open_encoder
from router.errors import ModelError, QueueError, SettingsError
from router.log import get_log
from router.publish import publish
from router.store import Store, open_store
from router.store.knowledge import Knowledge
from router.store.spend import Spend
from router.types import Example
from workers.broker import Broker, start_broker
from workers.context import Context
from workers.gateway import LOCAL, Gateway
from workers.jobs import PLACES, serve
from workers.leases import Leases
from workers.llama import LocalModel, Options
from workers.model import open_model
from workers.ports import Call, Message
from workers.queue import RqQueue, alive
from workers.reap import Every, reap

ROUTES_SECONDS = 2.0


def now() -> float:
    """The real clock, in unix seconds."""
    return time.time()


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
    return Delivery(store, RqQueue(url, PLACES), url, broker, settings.data)


def encoder(settings: Settings) -> Encoder:
    """The encoder of the settings; the fast one is made in the data folder at first use."""
    return open_encoder(settings.encoder, settings.encoder_cache)


def train(settings: Settings, routes: Catalog, taught: Encoder, labels: Sequence[Example]) -> Router:
    """The router for these routes and what people's corrections taught."""
    return Router.train(
        [*routes.examples(), *labels],
        taught,
        {name: route.description for name, route in routes.routes.items()},
        seed=settings.seed,
        false_reject=settings.false_reject,
        folder=settings.data / "router",
    )


def replies(settings: Settings, store: Store, routes: Catalog) -> SlackReplies:
    """Answers through Slack's Web API with the workspace's bot token."""
    token = settings.slack_bot_token.get_secret_value()
    if not token:
        raise SettingsError("SLACK_BOT_TOKEN is not set; it starts with 'xoxb-' and stands on the app's page in Slack")
    return SlackReplies(token, settings.slack_api_url, store.replies, now, lambda: offers(routes))


def local_model(settings: Settings, routes: Catalog) -> LocalModel | None:
    """The model server on this machine, ours or another process's; None when the settings name another model."""
    if settings.model != "local" or settings.model_url:
        return None
    options = Options(threads=settings.local_threads, slots=settings.local_slots)
    return LocalModel.start(settings.data, routes.adapters(), options)


def gateway(settings: Settings, store: Store, local: LocalModel | None) -> Gateway:
    """The way to every model, with the caps of the settings."""
    return open_model(settings, local, now, random.SystemRandom().random, Spend(store.engine))


class BotProcess:
    """The bot process: receives, remembers, decides. It needs no model and, with the fast encoder, no torch."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._delivery = open_delivery(settings)
        store = self._delivery.store
        self._folders = folders(settings)
        taught = encoder(settings)
        self._publish()
        router = train(settings, self._folders.catalog, taught, store.feedback.examples())
        self._decider = Decider(self._folders.catalog, taught, router, store, self._delivery.queue, now)
        self.bot = Bot(settings, store, self._delivery.queue, self._decider, now, new_id)
        self._tasks = [
            Every("overdue", settings.reap_seconds, lambda: self._decider.overdue(settings.lease_seconds)),
            Every("routes", ROUTES_SECONDS, self._reload),
            Every("reaper", settings.reap_seconds, self._reap),
        ]
        self._stopped = threading.Event()

    def run(self) -> None:
        """Serve until `stop` is called from a signal handler."""
        self.bot.start()
        for task in self._tasks:
            task.start()
        try:
            self._stopped.wait()
        finally:
            for task in self._tasks:
                task.stop()
            self.bot.stop()
            self._delivery.close()

    def stop(self) -> None:
        """`run` returns soon."""
        self._stopped.set()

    def _reap(self) -> None:
        self._delivery.revive()
        reap(self._delivery.store.requests, self._delivery.queue, now(), self._settings.lease_seconds)

    def _publish(self) -> None:
        for problem in self._folders.catalog.problems:
            get_log(part="routes").warning("route_left_out", problem=problem)
        published = publish(self._folders.catalog, self._delivery.store, now())
        for name in published.live:
            get_log(part="routes").info("route_live", route=name)
        for version in published.unjudged:
            try:
                self._delivery.queue.wake("gate", version)
            except QueueError as error:
                # It stays in shadow and the live version answers; the next start asks again.
                get_log(part="routes").warning("not_judged", version=version, error=str(error))

    def _reload(self) -> None:
        """A changed route folder counts from now on; a broken one leaves the last good version live."""
        if self._folders.changed():
            self._publish()
            routes, store = self._folders.catalog, self._delivery.store
            self._decider.use(routes, train(self._settings, routes, self._decider.encoder, store.feedback.examples()))


class WorkerProcess:
    """One worker process: what its steps need, and the threads that keep leases and wake late rows."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._delivery = open_delivery(settings)
        routes = catalog(settings)
        store = self._delivery.store
        self._local = local_model(settings, routes)
        leases = Leases(store.requests, f"{socket.gethostname()}:{os.getpid()}", now, settings.lease_seconds)
        self.context = Context(
            settings=settings,
            store=store,
            queue=self._delivery.queue,
            model=gateway(settings, store, self._local),
            replies=replies(settings, store, routes),
            leases=leases,
            now=now,
            random=random.SystemRandom().random,
            search=Knowledge(store.engine),
            encoder=lambda: encoder(settings),
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
        reap(self._delivery.store.requests, self._delivery.queue, now(), self._settings.lease_seconds)

    def _warm_up(self) -> None:
        """A process's first call loads seconds of vendor code; nobody's question should wait for that."""
        hello: Message = {"role": "user", "content": "hello"}
        try:
            self.context.model.complete(Call([hello], models=(LOCAL,), output_tokens=1))
        except ModelError as error:
            get_log(part="model").warning("not_warm", error=str(error))
