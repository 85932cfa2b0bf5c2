"""The page on small screens, in dark mode and by keyboard; its headers; its cache."""

from __future__ import annotations

import urllib.request
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from bot.sandbox.server import Sandbox
from tests.browser.screens import message, send

pytestmark = pytest.mark.browser

RELOADS = 5
"""What the browser is still putting into its cache when the page is left is fetched once more;
the rest is not."""

CONTRAST = """() => {
  const canvas = new OffscreenCanvas(1, 1).getContext('2d', {willReadFrequently: true});
  const rgb = (name) => {
    canvas.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(name);
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).map(v => v / 255);
  };
  const linear = (v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = (name) => rgb(name).map(linear)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ratio = ([a, b]) => {
    const [x, y] = [light(a), light(b)];
    return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
  };
  const pairs = [
    ['--text', '--ground'], ['--text', '--surface'], ['--text', '--hover'],
    ['--muted', '--ground'], ['--muted', '--surface'], ['--muted', '--sunken'],
    ['--accent', '--surface'], ['--accent-text', '--accent'], ['--accent', '--accent-soft'],
    ['--mention', '--mention-soft'], ['--mention', '--surface'],
    ['--warn', '--warn-soft'], ['--danger', '--surface'],
    ['--good', '--good-soft'], ['--tan', '--sunken'],
    ['--side-text', '--side'], ['--side-muted', '--side'], ['--side-muted', '--side-deep']];
  return pairs.map(pair => [pair.join(' on '), ratio(pair)]).filter(([, value]) => value < 4.5);
}"""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_text_colour_can_be_read_on_its_ground(
    open_page: Callable[..., Page], *, dark: bool
) -> None:
    page = open_page(dark=dark)
    assert page.evaluate(CONTRAST) == []
    ground = page.evaluate("getComputedStyle(document.body.parentElement).backgroundColor")
    assert (sum(map(int, ground.strip("rgb()").split(","))) < 200) is dark


def test_a_narrow_screen_has_a_drawer_and_a_full_thread(
    open_page: Callable[..., Page], sandbox: Sandbox
) -> None:
    page = open_page(width=390, height=844)
    sandbox.actor("grace").say("support", "a question")
    page.get_by_test_id("open-drawer").click()
    page.locator('[data-testid="channel"][data-name="support"]').click()
    message(page, "a question").click()
    page.get_by_test_id("reply-in-thread").click()
    send(page, "an answer", "thread-composer")
    expect(message(page, "an answer", "thread-list")).to_be_visible()
    assert page.get_by_test_id("thread-pane").evaluate("node => node.offsetWidth") == 390
    page.get_by_test_id("thread-back").click()
    expect(page.get_by_test_id("thread-bar")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_messages_are_walked_with_the_arrow_keys(page: Page, sandbox: Sandbox) -> None:
    for text in ("first", "second"):
        sandbox.actor("grace").say("general", text)

    expect(message(page, "second")).to_be_visible()
    message(page, "second").focus()
    page.keyboard.press("ArrowUp")
    expect(message(page, "first")).to_be_focused()
    page.keyboard.press("Tab")
    expect(message(page, "first").get_by_test_id("add-reaction")).to_be_focused()


def test_the_focus_survives_a_redraw_of_its_surroundings(page: Page, sandbox: Sandbox) -> None:
    sandbox.actor("grace").say("support", "news")
    tab = page.get_by_test_id("tab-home")
    page.locator('[data-testid="channel"][data-name="Beagle"]').click()
    expect(page.get_by_test_id("composer")).to_be_focused()
    tab.press("Enter")
    expect(tab).to_be_focused()
    page.get_by_test_id("act-as").focus()
    page.get_by_test_id("act-as").select_option(label="Grace Hopper")
    expect(page.get_by_text("You act as", exact=True)).to_be_visible()
    expect(page.get_by_test_id("act-as")).to_be_focused()


def test_each_person_sees_their_own_side(page: Page, sandbox: Sandbox) -> None:
    sandbox.actor("omar").dm("my own question")
    page.get_by_test_id("act-as").select_option(label="Omar Khayyam")
    page.locator('[data-testid="channel"][data-name="Beagle"]').click()
    expect(message(page, "my own question")).to_be_visible()
    page.get_by_test_id("act-as").select_option(label="Grace Hopper")
    expect(message(page, "my own question")).to_have_count(0)
    expect(page.locator('[data-testid="channel"][data-name="leads"]')).to_be_visible()


def test_the_page_catches_up_after_the_connection_was_lost(page: Page, sandbox: Sandbox) -> None:
    page.context.set_offline(offline=True)
    sandbox.actor("grace").say("general", "while you were away")
    page.context.set_offline(offline=False)
    expect(message(page, "while you were away")).to_be_visible()


def test_the_page_forbids_everything_but_its_own_files(sandbox: Sandbox) -> None:
    with urllib.request.urlopen(sandbox.url) as answer:
        policy = answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"

    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


def test_the_parts_of_the_page_are_fetched_once(page: Page) -> None:
    page.wait_for_function(
        "() => performance.getEntriesByType('resource').some(e => e.name.endsWith('beagle.svg'))"
    )
    assert any(not _fetched_again(page) for _ in range(RELOADS))


def _fetched_again(page: Page) -> list[str]:
    """The files that a reload fetched over the network instead of from the browser's cache."""
    page.wait_for_load_state("networkidle")
    page.reload()
    expect(page.locator("#app")).to_have_attribute("aria-busy", "false")
    # What the cache served has a transfer size of zero.
    fetched = page.evaluate("""() => performance.getEntriesByType('resource')
        .filter(entry => entry.transferSize > 0).map(entry => entry.name)""")

    return [url for url in fetched if "/static/" in url]
