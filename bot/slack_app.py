"""Bolt with every listener attached: receives from Slack, stores, acknowledges, decides."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from wsgiref.types import WSGIApplication

from prometheus_client import CollectorRegistry
from slack_bolt import App, BoltRequest
from slack_bolt.adapter.wsgi import SlackRequestHandler
from slack_sdk import WebClient

from bot import slash_command
from bot.install.pages import INSTALL_PATH, REDIRECT_PATH, OAuthPages
from bot.intake.access_events import AccessEvents
from bot.intake.author_notices import AuthorNotices
from bot.intake.catch_up import CatchUp
from bot.intake.foreign_homes import HomeLookup
from bot.intake.messages import MessageListener
from bot.intake.outage_notice import OutageGuard, OutageNotice
from bot.intake.overload_notice import OverloadNotice
from bot.intake.people import PeopleOfPayloads
from bot.intake.people_answers import PeopleAnswerEvents
from bot.intake.requests import Intake
from bot.intake.tombstones import unify_deletions
from bot.listeners.answer_actions import AnswerActions
from bot.listeners.assistant import AssistantPane
from bot.listeners.channel_settings import ChannelSettings
from bot.listeners.erasure import ErasureActions, ErasureReports
from bot.listeners.home import HomePublisher
from bot.listeners.knowledge import KnowledgeActions
from bot.listeners.labelling import LabelActions
from bot.listeners.onboarding import Onboarding
from bot.listeners.people_answers.capture import PeopleAnswers
from bot.listeners.people_answers.expiry import AnswerExpiry
from bot.listeners.route_correction import RouteCorrection
from bot.listeners.second_request import SecondRequestActions
from bot.listeners.sending.actions import SendActions, SendRules
from bot.listeners.sending.replies import HandedOverReplies
from bot.listeners.sending.typed import TypedReplies
from bot.listeners.sharing import SharingActions
from bot.listeners.shortcuts import ShortcutListener
from bot.listeners.stats import StatsActions
from bot.payloads import EventBody
from bot.plainer.controls import restore_clicks
from bot.replies.proposals import ProposalActions
from bot.routing.service import RoutingService
from bot.transport.acknowledgement import (
    NoticeListener,
    acknowledge_all_events,
    refuse_organisations,
)
from bot.transport.clients import web_client
from bot.transport.deliveries.http_gate import DeliveryGate
from bot.transport.deliveries.listener_threads import ListenerThreads
from bot.transport.deliveries.metrics import DeliveryCollector
from bot.transport.deliveries.places import Deliveries
from bot.transport.directory import SlackDirectory
from bot.transport.events import Events
from bot.transport.health import (
    Check,
    Health,
    PublicPages,
    StoreCollector,
    queue_problem,
    store_problem,
)
from bot.transport.http_server import HttpServer
from bot.transport.oauth import UninstallEvents, authorize
from bot.transport.plainer_calls import PlainerCalls
from bot.transport.signature_guard import SignatureGuard
from bot.transport.socket_mode import HeartbeatHandler
from bot.transport.subscriptions import SubscriptionRecorder
from bot.transport.workspaces import Workspaces
from bot.weekly.candidate_actions import CandidateActions
from bot.weekly.candidate_click import CandidateClicks
from bot.weekly.digest_publisher import DigestPublisher
from bot.weekly.drafts.actions import DraftActions
from bot.weekly.drafts.wish import RouteWishes
from bot.weekly.drift_actions import DriftActions
from bot.weekly.failures.actions import FailureActions
from bot.weekly.rollout_actions import RolloutActions
from bot.weekly.rollout_publisher import RolloutPublisher
from router.config import Settings
from router.errors import SettingsError, StoreAwayError
from router.log import get_log
from router.store import Store
from workers.knowledge.relevance.quote_scorer import QuoteScorer
from workers.ports import Queue
from workers.privacy.folder_erasure import FolderErasures
from workers.runtime.scheduling.leader import confirm_leadership

CLOSE_SECONDS = 0.5
"""How long `stop` waits for the connection to Slack to close."""
EVENTS = "/slack/events"


class SlackApp:
    """Bolt with Beagle's listeners, on Socket Mode or signed HTTP, and the health pages.

    `bolt` dispatches what Slack sends. `web` is the server that Slack reaches, None where nothing
    comes by HTTP; `health` is the one for orchestrators and Prometheus, which gets `metrics`.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store,
        queue: Queue,
        routing: RoutingService,
        workspaces: Workspaces,
        new_id: Callable[[], str],
    ) -> None:
        self._settings = settings
        self._store = store
        self._queue = queue
        self._routing = routing
        self._workspaces = workspaces
        self._now = workspaces.now
        self._log = get_log(part="bot")
        self.deliveries = Deliveries(settings.max_deliveries)
        self.bolt = self._bolt_app()
        self._events = Events(self.bolt)

        self.home = HomePublisher(settings, store, routing, routing.admins, self._client)
        self.folders = FolderErasures(store, settings.data, socket.gethostname(), self._now)
        self.erasure_reports = ErasureReports(store, self._client, self._now)
        self.answer_expiry = AnswerExpiry(store, routing.rights, self._client, self._now)
        self.weekly = DigestPublisher(settings, store, queue, self._client, self._now)
        self.rollout = RolloutPublisher(settings, store, self._client, self._now)
        self.catch_up = CatchUp(
            store,
            self._client,
            self._teams,
            workspaces.bot_user,
            lambda: self.socket_age() >= 0,
            self._take_in,
            self._now,
            settings.catch_up_minutes * 60,
        )
        self._use_middleware(new_id)
        self._listen_to_members(new_id)
        self._listen_to_admins()
        acknowledge_all_events(self.bolt)

        self._handler: HeartbeatHandler | None = None
        self.metrics = CollectorRegistry()
        # Strangers reach the one port, only orchestrators the other: neither can block the other.
        pages = self._public_pages()
        self.web = (
            HttpServer(settings.host, settings.port, PublicPages(pages), setting="BEAGLE_PORT")
            if pages
            else None
        )
        self.health = HttpServer(
            settings.health_host,
            settings.health_port,
            self._health_pages(),
            setting="BEAGLE_HEALTH_PORT",
        )

    def start(self) -> None:
        """Serves the health pages, and receives from Slack.

        Raises SettingsError when a token for Socket Mode is missing.
        """
        self.health.start()
        if self.web is not None:
            self.web.start()

        if self._settings.slack_mode == "socket":
            token = self._settings.slack_app_token.get_secret_value()
            if not token:
                raise SettingsError(
                    "SLACK_APP_TOKEN is not set; Socket Mode needs it ('xapp-…'), "
                    "or set BEAGLE_SLACK_MODE=http"
                )

            self._handler = HeartbeatHandler(
                self.bolt,
                token,
                web_client(token, self._settings.slack_api_url),
                self._now,
                self.deliveries,
            )
            self._handler.connect()  # type: ignore[no-untyped-call]  # Bolt leaves it so

        port = self.web.port if self.web is not None else None
        self._log.info(
            "bot_started", mode=self._settings.slack_mode, port=port, health=self.health.port
        )

    def stop(self) -> None:
        """Closes the connection to Slack and the health pages. Stored requests are kept."""
        if self._handler is not None:
            self._handler.client.auto_reconnect_enabled = False
            # The SDK's threads notice only once per ping interval; the exit must not wait for them.
            closing = threading.Thread(target=self._handler.close, name="closing", daemon=True)
            closing.start()
            closing.join(CLOSE_SECONDS)

        if self.web is not None:
            self.web.stop()

        self.health.stop()
        self._log.info("bot_stopped")

    def socket_age(self) -> float:
        """Returns the age of the present connection in seconds: -1 without one, 0 over HTTP."""
        if self._handler is None:
            return 0.0 if self._settings.slack_mode == "http" else -1.0
        if not self._handler.client.is_connected() or self._handler.opened_at is None:
            return -1.0

        return self._now() - self._handler.opened_at

    def _take_in(self, body: EventBody) -> None:
        """Takes an event in as if Slack had sent it. Raises StoreAwayError if it was not stored."""
        response = self.bolt.dispatch(BoltRequest(body=dict(body), mode="socket_mode"))
        if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise StoreAwayError(f"taking in a missed event: Bolt answered {response.status}")

    def _client(self, team: str) -> WebClient:
        # A leader that was frozen posts nothing when it wakes up: another one has done it.
        confirm_leadership()
        return self._workspaces.clients.for_team(team).retrying

    def _teams(self) -> list[str]:
        """Returns the workspaces that Beagle is in. Raises SlackApiError if Slack does not say."""
        if self._workspaces.installations is not None:
            return self._store.installations.teams()

        return [str(self._client("").auth_test()["team_id"])]

    def _best_effort_client(self, team: str) -> WebClient:
        return self._workspaces.clients.for_team(team).best_effort

    def _use_middleware(self, new_id: Callable[[], str]) -> None:
        me, clients = self._workspaces.bot_user, self._workspaces.clients
        # With a single token Slack is asked who we are now: a wrong token must stop the start, not
        # the first message. With several workspaces each event says it.
        own_user = "" if self._workspaces.installations else me("")

        # In this order: intake ends messages that are not for Beagle, but each may change who can
        # read what.
        self.bolt.use(PlainerCalls(clients.fallback))
        self.bolt.use(restore_clicks)
        self.bolt.use(NoticeListener(self._store.contact.note_dropped))
        self.bolt.use(refuse_organisations)
        self.bolt.use(SubscriptionRecorder(self._store.event_kinds, self._now))
        self.bolt.use(unify_deletions)
        best_effort = self._best_effort_client
        notice = OutageNotice(best_effort)
        # Who is told that nothing comes again must be told: this client waits for its turn.
        overload = AuthorNotices(lambda team: clients.for_team(team).retrying, "overload")
        self.deliveries.on_full = OverloadNotice(
            overload, self._store, self.deliveries, own_user
        ).tell
        for reader in (
            PeopleOfPayloads(self._store.access),
            AccessEvents(self._store, self._queue, me, self._client),
            PeopleAnswerEvents(self._store, own_user, best_effort, self._now),
            TypedReplies(self._store, self._queue, self._routing.admins, own_user, best_effort),
        ):
            self.bolt.use(OutageGuard(reader, notice, own_user))

        limit = self._routing.limit
        self.bolt.use(Intake(self._store, own_user, self._now, new_id, limit, notice))

    def _listen_to_members(self, new_id: Callable[[], str]) -> None:
        """Registers what answers anybody: messages, answers' buttons, the assistant, the home."""
        app, store, routing, now = self.bolt, self._store, self._routing, self._now
        me = self._workspaces.bot_user
        events = self._events

        correction = RouteCorrection(store, routing, now)
        correction.listen(app)
        AnswerActions(store, routing, correction, now).listen(app)
        SecondRequestActions(store, routing, new_id).listen(app)
        directory = SlackDirectory(self._client)
        MessageListener(store, routing, HomeLookup(store.access, directory)).listen(app)
        ShortcutListener(store, routing, correction, routing.rights, me, new_id).listen(app)
        Onboarding(me, routing.offers).listen(events)
        AssistantPane(store, routing, now).listen(events)
        self.home.listen(app, events)
        StatsActions(store, routing).listen(app)
        ErasureActions(self._settings, store, self._queue, routing.retrain, self.folders).listen(
            app
        )
        scorer = QuoteScorer(self._settings.encoder_cache)
        rights, usable = routing.rights, routing.usable_routes
        SharingActions(store, directory, rights, usable, routing.encoder, scorer).listen(app)
        self._listen_to_sending(directory)
        ProposalActions(store, self._queue, routing.admins, now, routing.may_serve).listen(app)
        slash_command.listen(app, self._settings, store, self._queue, routing, routing.admins)

        if self._workspaces.installations is not None:
            installed = self._workspaces.installations
            UninstallEvents(store, installed, routing.forget).listen(events)

    def _listen_to_sending(self, directory: SlackDirectory) -> None:
        """Registers what passes answers on; each checks itself who may."""
        routing = self._routing
        rules = SendRules(self._store, routing.admins, routing.catalog_of, routing.may_serve)
        SendActions(rules, self._queue, directory).listen(self.bolt)
        HandedOverReplies(self._store, self._queue, routing.admins).listen(self.bolt)

    def _listen_to_admins(self) -> None:
        """Registers the buttons and dialogs that only admins may use; each checks that itself."""
        app, store, queue = self.bolt, self._store, self._queue
        settings, routing = self._settings, self._routing
        admins = routing.admins

        me, events = self._workspaces.bot_user, self._events
        PeopleAnswers(store, queue, admins, routing.rights, me).listen(app, events)

        def route_names(team: str) -> list[str]:
            return sorted(routing.catalog_of(team).routes)

        ChannelSettings(store, admins, route_names).listen(app)
        KnowledgeActions(store, queue, admins).listen(app)
        LabelActions(store, routing).listen(app)

        learn = routing.trainer.request
        FailureActions(store, admins, lambda: routing.catalog, learn).listen(app)
        clicks = CandidateClicks(store, queue, admins, self._now)
        changed = self.home.refresh
        decisions = CandidateActions(settings, store, clicks, self._now, changed)
        decisions.listen(app)
        DraftActions(store, clicks, self._now, decisions.decide).listen(app)
        RouteWishes(store, queue, admins, route_names).listen(app)
        RolloutActions(settings, store, clicks, self._now).listen(app)
        DriftActions(settings, store, clicks, self._now).listen(app)

    def _public_pages(self) -> dict[str, WSGIApplication]:
        """Returns the WSGI applications that Slack and installing people reach, by path."""
        pages: dict[str, WSGIApplication] = {}
        if self._settings.slack_mode == "http":
            secret = self._settings.slack_signing_secret.get_secret_value()
            if not secret:
                raise SettingsError(
                    "SLACK_SIGNING_SECRET is not set; over HTTP every request is checked with it"
                )

            handler = DeliveryGate(SlackRequestHandler(self.bolt, path=EVENTS), self.deliveries)
            pages[EVENTS] = SignatureGuard(handler, secret, self._now)

        installs = self._workspaces.installations
        if installs is not None:
            install_pages = OAuthPages(self._settings, self._store, installs, self._now)
            pages[INSTALL_PATH] = install_pages
            pages[REDIRECT_PATH] = install_pages

        return pages

    def _health_pages(self) -> Health:
        store_metrics = StoreCollector(self._store, self._queue, self._now, self.socket_age)
        self.metrics.register(store_metrics)
        self.metrics.register(DeliveryCollector(self.deliveries))
        checks: dict[str, Check] = {
            "store": partial(store_problem, self._store),
            "queue": partial(queue_problem, self._queue),
            "socket": self._socket_problem,
        }
        return Health(checks, self.metrics, self.socket_age)

    def _socket_problem(self) -> str | None:
        return "the connection to Slack is down" if self.socket_age() < 0 else None

    def _bolt_app(self) -> App:
        secret = self._settings.slack_signing_secret.get_secret_value()
        token = find_installation = None
        installs = self._workspaces.installations

        if installs is None:
            client = self._workspaces.clients.for_team("").retrying
            token = client.token
        else:
            client = web_client("", self._settings.slack_api_url)
            find_installation = authorize(installs)

        app = App(
            # Not the client: Bolt looks for a token in the environment by itself, and warns of a
            # client beside one.
            token=token,
            authorize=find_installation,  # type: ignore[arg-type]  # None: Beagle is not installed
            signing_secret=secret or "unused in socket mode",
            # `SignatureGuard` has verified the raw bytes. Bolt would log an unsigned body in full.
            request_verification_enabled=False,
            token_verification_enabled=False,
            listener_executor=ListenerThreads(self.deliveries),
        )
        # Bolt makes each listener's client as its own is.
        app.client.base_url, app.client.timeout = client.base_url, client.timeout
        app.client.retry_handlers = client.retry_handlers
        return app
