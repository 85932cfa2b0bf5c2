"""The bot process: receives from Slack, remembers, acknowledges, decides."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from prometheus_client import CollectorRegistry
from slack_bolt import App
from slack_bolt.adapter.wsgi import SlackRequestHandler
from slack_sdk import WebClient
from sqlalchemy.exc import SQLAlchemyError

from bot.admins import Admins
from bot.intake.access_events import Ears
from bot.intake.messages import Messages
from bot.intake.requests import Intake
from bot.listeners import slash_command
from bot.listeners.answer_actions import Actions
from bot.listeners.assistant import Agent
from bot.listeners.channel_settings import ChannelSettings
from bot.listeners.erasure import Forgetting
from bot.listeners.home import HomeKeeper
from bot.listeners.knowledge import KnowledgePanel
from bot.listeners.labelling import Labelling
from bot.listeners.onboarding import Onboarding
from bot.listeners.sharing import Sharing
from bot.listeners.shortcuts import Shortcuts
from bot.listeners.stats import StatsClicks
from bot.replies.proposals import Decisions
from bot.routing.service import Decider
from bot.transport.clients import web_client
from bot.transport.directory import SlackDirectory
from bot.transport.events import Events
from bot.transport.health import Health, StoreCollector
from bot.transport.http_server import Web
from bot.transport.oauth import INSTALL, REDIRECT, InstallPages, Removal, authorize
from bot.transport.signature_guard import Guard
from bot.transport.socket_mode import QuickHandler
from bot.transport.workspaces import Workspaces
from bot.weekly.candidate_actions import Review
from bot.weekly.drift_actions import Drifting
from bot.weekly.rollout_actions import Promotion
from bot.weekly.rollout_publisher import RoadKeeper
from bot.weekly.scheduler import Weekly
from router.config import Settings
from router.errors import QueueError, SettingsError
from router.log import get_log
from router.store import Store
from workers.ports import Queue

CLOSE_SECONDS = 0.5
EVENTS = "/slack/events"


class Bot:
    """Bolt with Beagle's listeners, on Socket Mode or signed HTTP, and the health pages beside it."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        queue: Queue,
        decider: Decider,
        workspaces: Workspaces,
        new_id: Callable[[], str],
    ) -> None:
        now = workspaces.now
        self._settings, self._store, self._queue, self._now = settings, store, queue, now
        self._installs = workspaces.installs
        self._log = get_log(part="bot")
        self._app = self._bolt(workspaces)
        # With one token it is asked for now: a wrong one must stop the start, not the first
        # message.
        me = "" if self._installs else workspaces.me("")

        def client(team: str) -> WebClient:
            return workspaces.clients.of(team).patient

        self._app.use(Ears(store, queue, workspaces.me, client))
        self._app.use(Intake(store, me, now, new_id))
        admins, events = Admins(settings, store.audit, now, workspaces.installer), Events(self._app)
        actions = Actions(store, decider, now)
        self.home = HomeKeeper(settings, store, decider, admins, client)
        Messages(store, decider).listen(self._app)
        actions.listen(self._app)
        Shortcuts(store, decider, actions, workspaces.me, new_id).listen(self._app, now)
        Onboarding(workspaces.me, decider.offers).listen(events)
        Agent(store, decider, now).listen(events)
        self.home.listen(self._app, events)
        ChannelSettings(store, admins, lambda: sorted(decider.catalog.routes)).listen(self._app)
        StatsClicks(store, now).listen(self._app)
        KnowledgePanel(store, queue, admins).listen(self._app)
        Forgetting(settings, store, queue, now, decider.learn).listen(self._app)
        Sharing(store, SlackDirectory(client), now).listen(self._app)
        Labelling(store, decider, now, admins.includes).listen(self._app)
        Decisions(store, queue, admins, now).listen(self._app)
        Review(store, queue, admins, self.home.refresh).listen(self._app)
        Promotion(settings, store, queue, admins).listen(self._app)
        Drifting(settings, store, queue, admins).listen(self._app)
        self.weekly = Weekly(settings, store, queue, client, now)
        self.road = RoadKeeper(settings, store, client, now)
        slash_command.listen(self._app, settings, store, decider, admins)

        if self._installs is not None:
            Removal(store, self._installs).listen(events)

        self._handler: QuickHandler | None = None
        self.web = Web(settings.host, settings.port, self._pages())

    def start(self) -> None:
        """Slack's messages are received and the health pages answer."""
        self.web.start()
        if self._settings.slack_mode == "socket":
            token = self._settings.slack_app_token.get_secret_value()
            if not token:
                raise SettingsError(
                    "SLACK_APP_TOKEN is not set; Socket Mode needs it ('xapp-…'), or set BEAGLE_SLACK_MODE=http"
                )

            self._handler = QuickHandler(
                self._app, token, web_client(token, self._settings.slack_api_url), self._now
            )
            self._handler.connect()  # type: ignore[no-untyped-call]  # Bolt leaves it so

        self._log.info("bot_started", mode=self._settings.slack_mode, port=self.web.port)

    def stop(self) -> None:
        """Nothing is received any more; what was remembered is in the store."""
        if self._handler is not None:
            self._handler.client.auto_reconnect_enabled = False
            # The SDK's own threads look up only once per ping interval; nobody should wait for them
            # at the exit.
            closing = threading.Thread(target=self._handler.close, name="closing", daemon=True)
            closing.start()
            closing.join(CLOSE_SECONDS)

        self.web.stop()
        self._log.info("bot_stopped")

    def socket_age(self) -> float:
        """Seconds since the connection that stands now was opened; -1 when there is none, 0 over HTTP."""
        if self._handler is None:
            return 0.0 if self._settings.slack_mode == "http" else -1.0
        if not self._handler.client.is_connected() or self._handler.opened_at is None:
            return -1.0

        return self._now() - self._handler.opened_at

    def _pages(self) -> Health:
        registry = CollectorRegistry()
        registry.register(StoreCollector(self._store, self._queue, self._now, self.socket_age))
        rest: dict[str, Any] = {}

        if self._settings.slack_mode == "http":
            secret = self._settings.slack_signing_secret.get_secret_value()
            if not secret:
                raise SettingsError(
                    "SLACK_SIGNING_SECRET is not set; over HTTP every request is checked with it"
                )

            rest[EVENTS] = Guard(SlackRequestHandler(self._app, path=EVENTS), secret, self._now)

        if self._installs is not None:
            pages = InstallPages(self._settings, self._store, self._installs, self._now)
            rest |= {INSTALL: pages, REDIRECT: pages}

        checks = {
            "store": self._store_problem,
            "queue": self._queue_problem,
            "socket": self._socket_problem,
        }
        return Health(checks, registry, self.socket_age, rest)

    def _store_problem(self) -> str | None:
        try:
            self._store.ping()
        except SQLAlchemyError as error:
            return f"the database does not answer ({type(error).__name__})"

        return None

    def _queue_problem(self) -> str | None:
        try:
            self._queue.depth()
        except QueueError as error:
            return str(error)

        return None

    def _socket_problem(self) -> str | None:
        return "the connection to Slack is down" if self.socket_age() < 0 else None

    def _bolt(self, workspaces: Workspaces) -> App:
        found: dict[str, Any] = (
            {"client": workspaces.clients.of("").patient} if self._installs is None else {}
        )
        if self._installs is not None:
            found = {
                "client": web_client("", self._settings.slack_api_url),
                "authorize": authorize(self._installs),
            }

        return App(
            **found,
            signing_secret=self._settings.slack_signing_secret.get_secret_value()
            or "unused in socket mode",
            # The guard has verified the raw bytes; Bolt would log an unsigned body in full.
            request_verification_enabled=False,
            token_verification_enabled=False,
        )
