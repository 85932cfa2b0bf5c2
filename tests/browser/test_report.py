"""The report of `beagle mine` in a real browser: light, dark, wide, narrow, no requests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from bot.cli.mining_report.html import render_html
from router.config import Settings
from tests.browser.conftest import IMAGES
from tests.fixtures.mining import HashedWordEncoder, chatter, repeated_requests
from workers.llm.pricing import Price
from workers.mining.exports import Export
from workers.readiness.exported.overview import build_overview
from workers.readiness.prices import Prices

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rows = (
        *repeated_requests("vpn"),
        *repeated_requests("invoice", count=36, shown=False),
        *chatter(400),
    )
    price = Price(1e-7, 1e-8, 5e-7)
    seen = build_overview(
        Export(rows, frozenset(), 0, "Slack export", {"deploys": 7}),
        HashedWordEncoder(),
        Settings(_env_file=None),
        Prices(lambda _: price),
    )

    path = tmp_path_factory.mktemp("report") / "digest.html"
    path.write_text(render_html(seen), "utf-8")
    return path


@pytest.fixture(params=["light", "dark"])
def page(request: pytest.FixtureRequest, browser: Browser, report: Path) -> Iterator[Page]:
    opened = browser.new_page(color_scheme=request.param)
    asked_for: list[str] = []
    faults: list[str] = []
    opened.on("request", lambda one: asked_for.append(one.url))
    opened.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    opened.goto(report.as_uri())
    yield opened
    assert asked_for == [report.as_uri()]
    assert faults == []
    opened.close()


@pytest.mark.parametrize("width", [320, 390, 1200])
def test_nothing_is_cut_off_at_any_width(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_words_can_be_read_on_their_ground(page: Page) -> None:
    contrast = """() => {
        const linear = (v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
        const light = (c) => c.map((v) => linear(v / 255))
            .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
        const parse = (text) => text.match(/[\\d.]+/g).slice(0, 3).map(Number);
        const clear = (e) => e && getComputedStyle(e).backgroundColor === "rgba(0, 0, 0, 0)";
        const ground = (e) => { while (clear(e)) e = e.parentElement;
            return parse(getComputedStyle(e || document.body).backgroundColor); };
        const words = "h1,h2,h3,p,td,th,a,span,li,small,blockquote,summary";
        return [...document.querySelectorAll(words)].filter((e) =>
            e.textContent.trim() && !e.closest("svg")).map((e) => {
            const color = light(parse(getComputedStyle(e).color));
            const [a, b] = [color, light(ground(e))].sort((x, y) => y - x);
            return [(a + 0.05) / (b + 0.05), e.tagName, e.textContent.slice(0, 30)]; })
            .filter(([ratio]) => ratio < 3.9);
    }"""

    assert page.evaluate(contrast) == []


def test_the_bottom_line_comes_first_and_each_card_counts_its_gates(
    page: Page, request: pytest.FixtureRequest
) -> None:
    expect(page.locator("header .short")).to_contain_text(
        "None of these is worth a fine-tune today. 2 requests"
    )
    expect(page.locator("article summary").first).to_contain_text("not measured")
    expect(page.locator("article blockquote").first).to_be_visible()
    expect(page.locator("footer")).to_contain_text("7 messages of the bot “deploys”")
    expect(page.locator("footer")).to_contain_text(
        "messages of private channels and direct messages are counted"
    )

    is_written = os.environ.get("SCREENSHOTS") == "write"  # noqa: TID251  # as in test_screens
    if is_written and "light" in request.node.name:
        page.set_viewport_size({"width": 1000, "height": 900})
        page.screenshot(path=IMAGES / "mine-report.png")


def test_private_requests_appear_nowhere_on_the_page(page: Page) -> None:
    expect(page.locator("main")).not_to_contain_text("invoice of")
    expect(page.locator("article")).to_have_count(2)


def test_a_number_on_the_map_leads_to_its_card(page: Page) -> None:
    page.locator(".map a").first.click()
    card = page.locator("article:target")
    assert card.count() == 1
    card.locator("summary").click()
    assert card.get_by_text("Not known yet, Prompt").is_visible()
