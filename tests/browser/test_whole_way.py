"""A person at the page, the real bot behind it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from bot.demo.stack import LocalStack
from tests.browser.screens import message, send

pytestmark = pytest.mark.browser


@pytest.fixture
def desk(browser: Browser, stack: LocalStack) -> Iterator[Page]:
    """Ada's page; closing it asserts that nothing on it was drawn wrongly."""
    page = browser.new_page()
    page.goto(stack.sandbox.page_url)
    yield page
    assert page.evaluate("window.sandboxErrors") == []
    page.close()


def answer(page: Page, said: str):
    """Opens the thread of a message beside the channel and returns the answer in it."""
    message(page, said).get_by_test_id("thread-bar").click()
    return (
        page.get_by_test_id("thread-pane")
        .get_by_test_id("message")
        .filter(has_text="A clearer sentence")
    )


def test_a_message_is_answered_with_its_route_and_cost(desk: Page) -> None:
    send(desk, "@Beagle !rewrite this from a real page: it was done by us")
    shown = answer(desk, "this from a real page")
    expect(shown).to_contain_text("rewrite (prompt) · 100% sure of the route")


def test_why_this_route_is_explained_to_the_requester_alone(desk: Page) -> None:
    send(desk, "@Beagle !rewrite and tell me why")
    answer(desk, "and tell me why").get_by_role("button", name="Why this route?").click()
    expect(desk.get_by_text("Only visible to you").last).to_be_visible()


def test_a_wrong_route_is_corrected_in_a_dialog_and_run_again(
    desk: Page, stack: LocalStack
) -> None:
    send(desk, "@Beagle !rewrite which was not meant so")
    answer(desk, "which was not meant so").get_by_role("button", name="Wrong route?").click()
    desk.get_by_test_id("modal").get_by_role("combobox").select_option(label="handbook")
    desk.get_by_test_id("modal-submit").click()
    expect(desk.get_by_test_id("thread-pane")).to_contain_text("handbook (rag)")


def test_a_slash_command_shows_statistics(desk: Page) -> None:
    send(desk, "/beagle stats")
    expect(desk.get_by_text("Beagle, last 7d")).to_be_visible()
