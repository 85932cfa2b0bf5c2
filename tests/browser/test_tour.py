"""The first page of a demo: the tour, what happens to processes, and many tabs."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from bot.demo.demo import GENERAL, TOUR_PROMPTS, TOUR_TITLE
from bot.sandbox.server import Sandbox

TABS = 9
"""Browsers open six plain connections to an address."""


def offer_tour(sandbox: Sandbox) -> None:
    prompts = [{"title": title, "message": message} for title, message in TOUR_PROMPTS]
    sandbox.call(lambda: sandbox.workspace.set_prompts(GENERAL, "", TOUR_TITLE, prompts))


def test_the_tour_is_one_click_each_and_stays(
    sandbox: Sandbox, open_page: Callable[..., Page], picture: Callable[[Page, str], None]
) -> None:
    offer_tour(sandbox)
    page = open_page()
    tour = page.get_by_test_id("prompts")
    expect(tour.get_by_role("button")).to_have_count(len(TOUR_PROMPTS))
    picture(page, "tour")

    tour.get_by_role("button").nth(1).click()

    expect(page.get_by_test_id("message-list")).to_contain_text("parental leave")
    expect(tour.get_by_role("button")).to_have_count(len(TOUR_PROMPTS))
    tour.get_by_role("button").last.click()
    expect(page.get_by_role("heading", name="leads").first).to_be_visible()


def test_what_happened_to_a_process_is_said_until_it_is_over(
    sandbox: Sandbox, open_page: Callable[..., Page]
) -> None:
    page = open_page()
    sandbox.call(lambda: sandbox.workspace.set_notice("worker-answer was started again"))
    expect(page.get_by_test_id("notice")).to_have_text("worker-answer was started again")

    sandbox.call(lambda: sandbox.workspace.set_notice(""))
    expect(page.get_by_test_id("notice")).to_have_count(0)


def test_a_ninth_tab_works_like_the_first(sandbox: Sandbox, open_page: Callable[..., Page]) -> None:
    pages = [open_page() for _ in range(TABS)]
    sandbox.actor("grace").say("general", "hello to all tabs")
    for page in pages:
        expect(page.get_by_test_id("message-list")).to_contain_text("hello to all tabs")
