"""A real Chromium in front of a real sandbox. A page with a script error fails its test."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from slack_bolt import App
from slack_bolt.adapter.socket_mode.websocket_client import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.socket_mode.websocket_client import SocketModeClient

from bot.sandbox.server import Sandbox, SandboxConfig

ARGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
IMAGES = Path(__file__).parents[2] / "docs" / "images"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

# Only a failure waits this long; a machine that is busy, or makes its encoder first, must not look
# like one.
expect.set_options(timeout=60_000)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        # On a laptop without a browser these tests are left out; where they must run, that is a
        # failure.
        if os.environ.get("CI") == "true":  # noqa: TID251  # tells CI from a laptop
            pytest.fail(f"no browser: looked for {', '.join(NAMES)}; install Debian's chromium")

        pytest.skip("no Chromium is installed")

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=found, args=list(ARGS))
        yield launched
        launched.close()


@pytest.fixture
def picture() -> Callable[[Page, str], None]:
    """Saves a screenshot for the docs where `SCREENSHOTS=write` is set."""

    def keep(page: Page, name: str) -> None:
        if os.environ.get("SCREENSHOTS") == "write":  # noqa: TID251  # for these tests alone
            page.wait_for_timeout(300)
            page.screenshot(path=IMAGES / f"slack-{name}.png")

    return keep


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxConfig(limits=False)) as running:
        yield running


@pytest.fixture
def slack(sandbox: Sandbox) -> WebClient:
    """The bot's own client, as the product uses it."""
    return WebClient(token=sandbox.bot_token, base_url=sandbox.api_url)


@pytest.fixture
def bolt(sandbox: Sandbox, slack: WebClient) -> Iterator[App]:
    """A bot without listeners, connected by Socket Mode."""
    app = App(client=slack, signing_secret="unused", token_verification_enabled=False)
    handler = SocketModeHandler(
        app, sandbox.app_token, web_client=WebClient(base_url=sandbox.api_url)
    )
    handler.connect()  # type: ignore[no-untyped-call]  # Bolt leaves it so
    sandbox.wait_until(lambda workspace: workspace.connected)
    yield app
    _let_go(handler.client)


def _let_go(client: SocketModeClient) -> None:
    """Stops the client's threads without its `close`, which waits up to ten seconds for each."""
    client.closed, client.auto_reconnect_enabled = True, False
    for runner in (
        client.current_session_runner,
        client.current_app_monitor,
        client.message_processor,
    ):
        runner.event.set()

    client.disconnect()
    client.message_workers.shutdown(wait=False)


@pytest.fixture(scope="session")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """One context for all tests: making one is slow, and sandboxes differ by their ports."""
    made = browser.new_context()
    yield made
    made.close()


@pytest.fixture
def open_page(context: BrowserContext, sandbox: Sandbox) -> Iterator[Callable[..., Page]]:
    """Opens pages; at the end none may have had an error or a request to another host."""
    opened: list[Page] = []
    outside: list[str] = []

    def open_it(
        path: str = "", width: int = 1280, height: int = 800, *, dark: bool = False
    ) -> Page:
        page = context.new_page()
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme="dark" if dark else "light")
        page.on(
            "request", lambda request: outside.append(request.url) if foreign(request.url) else None
        )
        page.goto(f"{sandbox.url}{path}#token={sandbox.context.page_token}")
        expect(page.locator("#app")).to_have_attribute("aria-busy", "false")
        opened.append(page)

        return page

    def foreign(url: str) -> bool:
        return not url.startswith((sandbox.url, "data:", "blob:"))

    yield open_it
    faults = [fault for page in opened for fault in page.evaluate("window.sandboxErrors")]

    for page in opened:
        page.close()

    assert faults == []
    assert outside == []


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    return open_page()
