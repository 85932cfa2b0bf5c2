"""The sandbox as one thing: started and stopped in a background thread, on loopback only."""

from __future__ import annotations

import asyncio
import secrets
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeVar

from aiohttp import web

from bot.sandbox import seed_data as people
from bot.sandbox.actor import Actor
from bot.sandbox.clock import Clock, LoopClock
from bot.sandbox.context import COMMANDS, SHORTCUTS, Platform
from bot.sandbox.delivery.dispatcher import RETRY_SECONDS, Delivery
from bot.sandbox.delivery.signed_http import LOOPBACK, SignedHttp
from bot.sandbox.delivery.socket_mode import SocketMode
from bot.sandbox.faults.faults import NOW_KINDS, Fault, Faults, read_fault
from bot.sandbox.faults.immediate import strike_now
from bot.sandbox.limits.rate_limits import Rates
from bot.sandbox.limits.short_lived_tokens import Tickets
from bot.sandbox.limits.token_scopes import BOT_EVENTS, BOT_SCOPES
from bot.sandbox.web.control import Control
from bot.sandbox.web.routes import add_doors, only_from_here
from bot.sandbox.web.sse import Feed
from bot.sandbox.web.static_files import add_page
from bot.sandbox.workspace import Workspace
from router.errors import BeagleError

Json = dict[str, Any]
T = TypeVar("T")

START_SECONDS = 10.0
STOP_SECONDS = 5.0
BODY_LIMIT = 30_000_000


class SandboxError(BeagleError):
    """The sandbox cannot start or is not running."""


@dataclass(frozen=True, slots=True)
class Setup:
    """How a sandbox is made. Tokens and the secret are random where none are given; port 0 takes a free one.

    `retries` are the pauses, in seconds, before an event that was not acknowledged is sent again.
    Two sandboxes with another `team` and `seed` each are two workspaces
    (`bot/sandbox/workspace_proxy.py`).
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
    team: str = people.TEAM_ID
    limits: bool = True
    retries: Sequence[float] = RETRY_SECONDS
    seed: int = 0
    clock: Clock = field(default_factory=lambda: LoopClock(time.time))


class Sandbox:
    """A loopback Slack. Use it as a context manager, or call `start` and `stop`; both may be called twice."""

    def __init__(self, setup: Setup | None = None) -> None:
        setup = setup or Setup()
        if setup.host not in LOOPBACK:
            raise SandboxError(
                f"starting the sandbox on {setup.host!r}: only loopback is allowed: {LOOPBACK}"
            )

        self.bot_token = setup.bot_token or f"xoxb-sandbox-{secrets.token_hex(12)}"
        self.app_token = setup.app_token or f"xapp-sandbox-{secrets.token_hex(12)}"
        self.signing_secret = setup.signing_secret or secrets.token_hex(16)
        self.platform = _platform(setup)
        self.platform.grants.add(self.bot_token, "bot", setup.scopes)
        self.platform.grants.add(self.app_token, "app", ("connections:write",))
        self.socket = SocketMode(self.platform, self._connections_changed)
        self.platform.delivery.transport = self.socket
        self._feed = Feed(self.platform.workspace)
        self._http: SignedHttp | None = None
        self._setup = setup
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._failed: OSError | None = None
        self._serving = False
        self._stopping = asyncio.Event()

    @property
    def workspace(self) -> Workspace:
        """The workspace. Read and change it on the sandbox's own loop only: see `call`."""
        return self.platform.workspace

    @property
    def url(self) -> str:
        """The page's address, ending with a slash."""
        return f"{self.platform.url}/"

    @property
    def api_url(self) -> str:
        """What SLACK_API_URL has to be; ends with `/api/`."""
        return f"{self.platform.url}/api/"

    def __enter__(self) -> Sandbox:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> Sandbox:
        """The sandbox answers. Raises SandboxError where it cannot, for instance because the port is taken."""
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
                f"starting the sandbox on {self._setup.host}:{self._setup.port}: {self._failed or 'it did not start'}; "
                "choose another port"
            ) from self._failed

        return self

    def stop(self) -> None:
        """The sandbox is gone, with every connection to it."""
        if self._thread is None or self._loop is None:
            return

        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(STOP_SECONDS)
        self._thread, self._serving = None, False

    def actor(self, name: str) -> Actor:
        """The human called `name`, to be driven from any thread but the sandbox's own."""
        return Actor(self, name)

    def call(self, function: Callable[[], T]) -> T:
        """What `function` gives when it runs on the sandbox's loop, where it may read and change everything."""

        async def run() -> T:
            return function()

        return self.wait_for(run())

    def wait_for(self, work: Coroutine[Any, Any, T], seconds: float = 30.0) -> T:
        """What `work` gives on the sandbox's loop. Raises TimeoutError after `seconds`."""
        if self._loop is None or self._thread is None:
            work.close()
            raise SandboxError("using the sandbox: it is not running; start it first")

        return asyncio.run_coroutine_threadsafe(
            asyncio.wait_for(work, seconds), self._loop
        ).result()

    def wait_until(self, predicate: Callable[[Workspace], T], seconds: float = 10.0) -> T:
        """The first result of `predicate` that is true; asked now and after each change. Raises TimeoutError."""
        return self.wait_for(self._until(predicate), seconds)

    def fault(self, kind: str, **how: Any) -> None:
        """A fault lies in wait or strikes now; see `bot/sandbox/faults/faults.py`."""
        self.wait_for(self.strike(read_fault({"kind": kind, **how})))

    def clear_faults(self) -> None:
        """Nothing goes wrong any more."""
        self.call(self.platform.faults.clear)

    async def strike(self, fault: Fault) -> None:
        """As `Switches` says."""
        if fault.kind in NOW_KINDS:
            await strike_now(self.platform, self.socket, fault)
        else:
            self.platform.faults.add(fault)

    def use_request_url(self, url: str) -> None:
        """As `Switches.deliver_to`, from another thread."""
        self.wait_for(self.deliver_to(url))

    async def deliver_to(self, url: str) -> None:
        """As `Switches` says."""
        old, self._http = self._http, None
        self.platform.delivery.transport = self.socket
        if old is not None:
            await old.close()

        if url:
            http = SignedHttp(url, self.signing_secret, self.platform.clock)
            try:
                await http.verify()
            except BeagleError:
                await http.close()
                raise

            self._http = self.platform.delivery.transport = http

        self._connections_changed()

    def _connections_changed(self) -> None:
        alive = any(not connection.leaving for connection in self.socket.connections)
        self.workspace.set_connected(alive or self._http is not None)

    async def _until(self, predicate: Callable[[Workspace], T]) -> T:
        changed = asyncio.Event()
        unsubscribe = self.workspace.subscribe(lambda _: changed.set())

        try:
            while True:
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
            ready.set()  # whoever waits for a start that failed must not wait in vain

    async def _serve(self, ready: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        app = web.Application(
            middlewares=[only_from_here(self.platform)], client_max_size=BODY_LIMIT
        )
        add_doors(app, self.platform, self.socket)
        Control(self.platform, self._feed, self).add_to(app)
        add_page(app)
        runner = web.AppRunner(
            app, access_log=None, shutdown_timeout=0.2, handler_cancellation=True
        )
        await runner.setup()

        try:
            site = web.TCPSite(runner, self._setup.host, self._setup.port, reuse_address=True)
            try:
                await site.start()
            except OSError as error:
                self._failed = error
                return

            port = runner.addresses[0][1]
            host = f"[{self._setup.host}]" if ":" in self._setup.host else self._setup.host
            self.platform.url = f"http://{host}:{port}"
            self._serving = True
            ready.set()
            await self._stopping.wait()
            await self._close()
        finally:
            await runner.cleanup()

    async def _close(self) -> None:
        self._feed.stop()
        await self.platform.delivery.stop()
        await self.socket.stop()

        if self._http is not None:
            await self._http.close()
            self._http, self.platform.delivery.transport = None, self.socket


def _platform(setup: Setup) -> Platform:
    random = Random(setup.seed)  # noqa: S311  # repeatable on purpose; nothing secret is made of it
    clock, faults = setup.clock, Faults(setup.seed)
    workspace = Workspace(clock.now, setup.bot, setup.team)
    delivery = Delivery(clock, faults, setup.retries)

    def told(name: str, event_id: str, attempt: int, outcome: str) -> None:
        workspace.tell("delivery", name=name, event_id=event_id, attempt=attempt, outcome=outcome)

    delivery.told = told
    return Platform(
        workspace=workspace,
        clock=clock,
        random=random,
        delivery=delivery,
        faults=faults,
        rates=Rates(clock.now, on=setup.limits),
        tickets=Tickets(clock.now, random),
        events=frozenset(setup.events),
        commands=setup.commands,
        shortcuts=setup.shortcuts,
    )
