"""The bot process: receives from Slack, remembers, acknowledges, decides."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from prometheus_client import CollectorRegistry
from slack_bolt import App
from slack_bolt.adapter.wsgi import SlackRequestHandler
from slack_sdk.errors import SlackApiError
from sqlalchemy.exc import SQLAlchemyError

from bot import messages, slash
from bot.actions import Actions
from bot.decider import Decider
from bot.guard import Guard
from bot.health import Health, StoreCollector
from bot.intake import Intake
from bot.slack import UNREACHABLE, web_client
from bot.socket import QuickHandler
from bot.web import Web
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
        now: Callable[[], float],
        new_id: Callable[[], str],
    ) -> None:
        self._settings, self._store, self._queue, self._now = settings, store, queue, now
        self._log = get_log(part="bot")
        client = web_client(settings.slack_bot_token.get_secret_value(), settings.slack_api_url)
        self.me = self._who(client)
        self._app = App(
            client=client,
            signing_secret=settings.slack_signing_secret.get_secret_value() or "unused in socket mode",
            # The guard has verified the raw bytes; Bolt would log an unsigned body in full.
            request_verification_enabled=False,
            token_verification_enabled=False,
        )
        self._app.use(Intake(store, self.me, now, new_id))
        messages.listen(self._app, decider)
        Actions(store, decider, now).listen(self._app)
        slash.listen(self._app, settings, store, decider, now)
        self._handler: QuickHandler | None = None
        self._connected_at: float | None = None
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
            self._handler = QuickHandler(self._app, token, web_client(token, self._settings.slack_api_url))
            self._handler.connect()  # type: ignore[no-untyped-call]  # Bolt leaves it so
            self._connected_at = self._now()
        self._log.info("bot_started", mode=self._settings.slack_mode, port=self.web.port)

    def stop(self) -> None:
        """Nothing is received any more; what was remembered is in the store."""
        if self._handler is not None:
            self._handler.client.auto_reconnect_enabled = False
            # The SDK's own threads look up only once per ping interval; nobody should wait for them at the exit.
            closing = threading.Thread(target=self._handler.close, name="closing", daemon=True)
            closing.start()
            closing.join(CLOSE_SECONDS)
        self.web.stop()
        self._log.info("bot_stopped")

    def socket_age(self) -> float:
        """Seconds since the socket was opened; -1 when it is down, 0 over HTTP."""
        if self._handler is None:
            return 0.0 if self._settings.slack_mode == "http" else -1.0
        if not self._handler.client.is_connected() or self._connected_at is None:
            return -1.0
        return self._now() - self._connected_at

    def _pages(self) -> Health:
        registry = CollectorRegistry()
        registry.register(StoreCollector(self._store, self._queue, self._now, self.socket_age))
        rest: dict[str, Any] = {}
        if self._settings.slack_mode == "http":
            secret = self._settings.slack_signing_secret.get_secret_value()
            if not secret:
                raise SettingsError("SLACK_SIGNING_SECRET is not set; over HTTP every request is checked with it")
            rest[EVENTS] = Guard(SlackRequestHandler(self._app, path=EVENTS), secret, self._now)
        checks = {"store": self._store_problem, "queue": self._queue_problem, "socket": self._socket_problem}
        return Health(checks, registry, rest)

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

    def _who(self, client: Any) -> str:
        try:
            return str(client.auth_test()["user_id"])
        except SlackApiError as error:
            raise SettingsError(
                f"SLACK_BOT_TOKEN: Slack refused it with {error.response.get('error')!r}; "
                "install the app again and copy the token"
            ) from error
        except UNREACHABLE as error:
            raise SettingsError(
                f"SLACK_API_URL: {self._settings.slack_api_url!r} was not reached ({type(error).__name__}); "
                "check the network"
            ) from error
