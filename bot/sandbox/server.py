"""Runs a sandbox in a background thread, on loopback only."""

from __future__ import annotations

import asyncio
import errno
import secrets
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from random import Random, SystemRandom
from typing import Any, TypeVar

from aiohttp import web

from bot.sandbox import seed_data
from bot.sandbox.actor import WAIT_SECONDS, Actor
from bot.sandbox.clock import Clock, LoopClock
from bot.sandbox.companies import Company, build_person
from bot.sandbox.context import COMMANDS, SHORTCUTS, SandboxContext
from bot.sandbox.delivery.dispatcher import RETRY_SECONDS, Dispatcher
from bot.sandbox.delivery.signed_http import LOOPBACK, SignedHttp
from bot.sandbox.delivery.socket_mode import SocketMode
from bot.sandbox.faults.faults import IMMEDIATE_KINDS, FaultInjector, InjectedFault, parse_fault
from bot.sandbox.faults.immediate import apply_immediate_fault
from bot.sandbox.json_types import Json
from bot.sandbox.limits.rate_limits import RateLimits
from bot.sandbox.limits.short_lived_tokens import ShortLivedTokens
from bot.sandbox.limits.token_scopes import BOT_EVENTS, BOT_SCOPES
from bot.sandbox.web.control import ControlApi
from bot.sandbox.web.guard import add_strict_headers, owner_only
from bot.sandbox.web.routes import add_slack_routes
from bot.sandbox.web.sse import EventStream
from bot.sandbox.web.static_files import add_static_routes
from bot.sandbox.workspace import Workspace
from router.errors import BeagleError

T = TypeVar("T")

START_SECONDS = 60.0
STOP_SECONDS = 5.0
BODY_LIMIT = 30_000_000


class SandboxError(BeagleError):
    """The sandbox cannot start or is not running."""


@dataclass(frozen=True, slots=True)
class SandboxConfig:
    """The settings of one sandbox.

    Empty tokens and an empty secret become random ones; port 0 takes a free port. `retries` are the
    seconds before each retry of an event that was not acknowledged. `latency` (at least, at most)
    is how long the Web API takes to answer, partly after the call has had its effect, and an event
    to arrive; `pong_seconds` is how long a ping takes, both in real seconds. An `unlisted` app is
    outside Slack's Marketplace and reads history slowly. With `installs`, everybody on this machine
    may install the app on the consent page, which gives them a token of the bot. With `enterprise`
    the workspace belongs to that organisation (Enterprise Grid). Sandboxes that differ in `team`
    and `seed` are separate workspaces (`bot/sandbox/workspace_proxy.py`).
    """

    host: str = "127.0.0.1"
    port: int = 0
    bot_token: str = ""
    app_token: str = ""
    signing_secret: str = ""
    scopes: Sequence[str] = BOT_SCOPES
    events: Sequence[str] = BOT_EVENTS
    commands: Sequence[Json] = COMMANDS
    shortcuts: Sequence[Json] = SHORTCUTS
    bot: str = "beagle"
    team: str = seed_data.TEAM_ID
    enterprise: str = ""
    limits: bool = True
    unlisted: bool = False
    installs: bool = True
    retries: Sequence[float] = RETRY_SECONDS
    seed: int = 0
    latency: tuple[float, float] = (0.0, 0.0)
    pong_seconds: float = 0.0
    clock: Clock = field(default_factory=lambda: LoopClock(time.time))


class Sandbox:
    """A Slack emulator on loopback.

    Use it as a context manager, or call `start` and `stop`; calling either twice is safe.
    """

    def __init__(self, config: SandboxConfig | None = None) -> None:
        config = config or SandboxConfig()
        # The emulator knows its users by their names only: nobody else may reach it.
        if config.host not in LOOPBACK:
            raise SandboxError(
                f"starting the sandbox on {config.host!r}: only loopback is allowed: {LOOPBACK}"
            )

        self.bot_token = config.bot_token or f"xoxb-sandbox-{secrets.token_hex(12)}"
        self.app_token = config.app_token or f"xapp-sandbox-{secrets.token_hex(12)}"
        self.signing_secret = config.signing_secret or secrets.token_hex(16)
        self.context = _build_context(config)
        self.context.tokens.add(self.bot_token, "bot", config.scopes)
        self.context.tokens.add(self.app_token, "app", ("connections:write",))
        self.socket = SocketMode(self.context, self._connections_changed)
        # Slack delivers by Socket Mode until a request URL is set.
        self.context.dispatcher.transport = self.socket
        self._stream = EventStream(self.context.workspace)
        self._http: SignedHttp | None = None
        self._config = config
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._failed: OSError | None = None
        self._serving = False
        self._stopping = asyncio.Event()

    @property
    def workspace(self) -> Workspace:
        """The workspace. Read and change it on the sandbox's event loop only; see `call`."""
        return self.context.workspace

    @property
    def url(self) -> str:
        """The server's address, ending with a slash."""
        return f"{self.context.url}/"

    @property
    def page_url(self) -> str:
        """The page's address with this run's token: whoever has it acts as everybody.

        A browser keeps the part after `#` to itself.
        """
        return f"{self.url}#token={self.context.page_token}"

    @property
    def api_url(self) -> str:
        """The value for SLACK_API_URL; ends with `/api/`."""
        return f"{self.context.url}/api/"

    def __enter__(self) -> Sandbox:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> Sandbox:
        """Starts serving. Raises SandboxError if that fails, for instance if the port is taken."""
        if self._thread is not None:
            return self

        self._stopping = asyncio.Event()
        ready = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(ready,), name="sandbox", daemon=True
        )
        self._thread.start()
        ready.wait(START_SECONDS)

        if not self._serving:
            self._thread = None
            raise SandboxError(
                f"starting the local Slack on {self._config.host}:{self._config.port}: "
                f"{_describe_failure(self._failed)}; choose another port"
            ) from self._failed

        return self

    def stop(self) -> None:
        """Stops serving and closes all connections."""
        if self._thread is None or self._loop is None:
            return

        # asyncio events are not thread-safe.
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(STOP_SECONDS)
        self._thread = None
        self._serving = False

    def build_app(self) -> web.Application:
        """Returns the application with every route and the guard in front of them."""
        app = web.Application(middlewares=[owner_only(self.context)], client_max_size=BODY_LIMIT)
        app.on_response_prepare.append(add_strict_headers)
        add_slack_routes(app, self.context, self.socket)
        ControlApi(self.context, self._stream, self).add_to(app)
        add_static_routes(app)
        return app

    def actor(self, name: str) -> Actor:
        """Returns an actor for a human by name. Use it in any thread but the sandbox's own."""
        return Actor(self, name)

    def add_company(self, company: Company) -> Company:
        """Adds a workspace whose people take part in shared channels; see `Actor.share_channel`."""
        self.call(lambda: self.workspace.companies.update({company.team: company}))
        return company

    def add_person(self, name: str, company: Company) -> Actor:
        """Adds somebody of that workspace, who is in no channel yet."""
        self.call(lambda: self.workspace.add_user(build_person(name, company)))
        return self.actor(name)

    def call(self, function: Callable[[], T]) -> T:
        """Runs a function on the sandbox's event loop and returns its result.

        All state of the sandbox belongs to that loop.
        """

        async def run() -> T:
            return function()

        return self.wait_for(run())

    def wait_for(self, work: Coroutine[Any, Any, T], seconds: float = WAIT_SECONDS) -> T:
        """Runs a coroutine on the sandbox's event loop. Raises TimeoutError after `seconds`."""
        if self._loop is None or self._thread is None:
            # An unawaited coroutine would cause a warning.
            work.close()
            raise SandboxError("using the sandbox: it is not running; start it first")

        return asyncio.run_coroutine_threadsafe(
            asyncio.wait_for(work, seconds), self._loop
        ).result()

    def wait_until(self, predicate: Callable[[Workspace], T], seconds: float = WAIT_SECONDS) -> T:
        """Returns the first true result of `predicate`, called now and after each change.

        Raises TimeoutError after `seconds`.
        """
        return self.wait_for(self._until(predicate), seconds)

    def settle(self, seconds: float = WAIT_SECONDS) -> None:
        """Waits until every event so far is acknowledged, or Slack has given it up.

        What a bot does before its acknowledgement is done then. Raises TimeoutError.
        """
        self.wait_for(self.context.dispatcher.settle(), seconds)

    def inject_fault(self, kind: str, **fields: object) -> None:
        """Injects a fault; see `bot/sandbox/faults/faults.py` for its fields."""
        self.wait_for(self.apply_fault(parse_fault({"kind": kind, **fields})))

    def clear_faults(self) -> None:
        """Removes all faults. Those with an immediate effect are not undone."""
        self.call(self.context.faults.clear)

    async def apply_fault(self, fault: InjectedFault) -> None:
        """Implements `SandboxControls.apply_fault`."""
        if fault.kind in IMMEDIATE_KINDS:
            await apply_immediate_fault(self.context, self.socket, fault)
        else:
            self.context.faults.add(fault)

    def use_request_url(self, url: str) -> None:
        """Calls `set_request_url` from another thread."""
        self.wait_for(self.set_request_url(url))

    async def set_request_url(self, url: str) -> None:
        """Implements `SandboxControls.set_request_url`."""
        # Socket Mode again first: if the new URL is refused, nothing is left half configured.
        old = self._http
        self._http = None
        self.context.dispatcher.transport = self.socket
        if old is not None:
            await old.close()

        if url:
            http = SignedHttp(url, self.signing_secret, self.context.clock)
            try:
                await http.verify()
            except BeagleError:
                await http.close()
                raise

            self._http = self.context.dispatcher.transport = http

        self._connections_changed()

    def _connections_changed(self) -> None:
        alive = any(not connection.leaving for connection in self.socket.connections)
        self.workspace.set_connected(alive or self._http is not None)

    async def _until(self, predicate: Callable[[Workspace], T]) -> T:
        changed = asyncio.Event()
        unsubscribe = self.workspace.subscribe(lambda _: changed.set())

        try:
            while True:
                # Clear first, so that a change after the check sets it again.
                changed.clear()
                result = predicate(self.workspace)
                if result:
                    return result

                await changed.wait()
        finally:
            unsubscribe()

    def _run(self, ready: threading.Event) -> None:
        try:
            asyncio.run(self._serve(ready))
        finally:
            ready.set()  # a failed start must not leave `start` waiting

    async def _serve(self, ready: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        runner = web.AppRunner(
            self.build_app(), access_log=None, shutdown_timeout=0.2, handler_cancellation=True
        )
        await runner.setup()

        try:
            site = web.TCPSite(runner, self._config.host, self._config.port, reuse_address=True)
            try:
                await site.start()
            except OSError as error:
                self._failed = error
                return

            # With port 0 the operating system has chosen one.
            port = runner.addresses[0][1]
            host = f"[{self._config.host}]" if ":" in self._config.host else self._config.host
            self.context.url = f"http://{host}:{port}"
            self._serving = True
            ready.set()
            await self._stopping.wait()
            await self._close()
        finally:
            await runner.cleanup()

    async def _close(self) -> None:
        self._stream.stop()
        await self.context.dispatcher.stop()
        await self.socket.stop()

        if self._http is not None:
            await self._http.close()
            self._http = None
            self.context.dispatcher.transport = self.socket


def _describe_failure(failed: OSError | None) -> str:
    """Returns why nothing listens there, in words; asyncio's own hide it behind a number."""
    if failed is None:
        return "it did not start in time"
    if failed.errno == errno.EADDRINUSE:
        return "another program uses this port"
    if failed.errno == errno.EACCES:
        return "this user may not use this port"

    return failed.strerror or str(failed)


def _build_context(config: SandboxConfig) -> SandboxContext:
    random = Random(config.seed)  # noqa: S311  # repeatable on purpose; no secret depends on it
    clock = config.clock
    faults = FaultInjector(config.seed)
    workspace = Workspace(clock.now, config.bot, config.team, config.enterprise)
    # Numbers of its own: how fast things are must not change what the others are.
    travel = Random(config.seed)  # noqa: S311  # as above
    dispatcher = Dispatcher(clock, faults, config.retries, lambda: travel.uniform(*config.latency))

    def report_attempt(name: str, event_id: str, attempt: int, outcome: str) -> None:
        workspace.notify("delivery", name=name, event_id=event_id, attempt=attempt, outcome=outcome)

    dispatcher.on_attempt = report_attempt
    return SandboxContext(
        workspace=workspace,
        clock=clock,
        random=random,
        dispatcher=dispatcher,
        faults=faults,
        rate_limits=RateLimits(clock.now, enabled=config.limits, unlisted=config.unlisted),
        # Whoever knows one acts as the bot, so other users of the machine must not guess it.
        short_lived_tokens=ShortLivedTokens(clock.now, SystemRandom()),
        installs=config.installs,
        events=frozenset(config.events),
        commands=config.commands,
        shortcuts=config.shortcuts,
        latency=config.latency,
        pong_seconds=config.pong_seconds,
    )
