"""The weekly digest in the browser: an admin decides with a click and the message is updated."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from playwright.sync_api import Page, expect
from slack_bolt import App
from slack_sdk import WebClient

from bot.admins import Admins
from bot.demo import sample_data
from bot.listeners.home import HomePublisher
from bot.sandbox import seed_data
from bot.sandbox.server import Sandbox
from bot.transport.events import Events
from bot.weekly import report_view
from bot.weekly.candidate_actions import CandidateActions
from bot.weekly.candidate_click import CandidateClicks
from bot.weekly.digest_publisher import DigestPublisher
from bot.weekly.rollout_publisher import RolloutPublisher
from router.catalog.catalog import Route
from router.config import Settings
from router.encoder.lazy import LazyEncoder
from router.store import Store
from router.types import RouteOffer
from tests.browser.screens import channel, first_message
from tests.fixtures.mining import HashedWords
from tests.fixtures.rollout import RolloutWorkspace
from tests.weekly.test_report_view import TUNED
from workers.context import Context
from workers.fakes import MemoryDirectory, MemoryQueue, MemoryReplies
from workers.jobs import digest
from workers.runtime.job_key import job_key

pytestmark = pytest.mark.browser


class Decider:
    """The part of the routing service that a home uses: the routes on offer."""

    catalog = SimpleNamespace(routes={})

    def catalog_of(self, team: str) -> SimpleNamespace:
        return self.catalog

    def usable_routes(self, *_: object) -> dict[str, Route]:
        return {}

    def offers(self, *_: str) -> list[RouteOffer]:
        return [RouteOffer("incident", "Turns a report into a record.")]


@pytest.fixture
def posted(
    sandbox: Sandbox, bolt: App, slack: WebClient, store: Store, clock: Callable[[], float]
) -> Store:
    """Posts the digest of a simulated fortnight in #general; Ada is an admin."""
    admins = (seed_data.user_id("ada"),)
    settings = Settings(_env_file=None, admins=admins, admin_channel=channel(sandbox))
    queue = MemoryQueue({"digest": "compute", "advance": "compute"})
    context = Context(
        settings,
        store,
        queue,
        None,
        MemoryReplies(),
        None,
        clock,
        lambda: 0.5,
        encoder=LazyEncoder(HashedWords),
        directory=MemoryDirectory(is_public=True),
    )
    sample_data.load_into(
        store, seed_data.TEAM_ID, "C1", sample_data.sample_requests(clock(), incidents=60)
    )
    digest.run(context, job_key(seed_data.TEAM_ID, "2027-W02"))
    admin = Admins(settings, store.audit, clock)
    home = HomePublisher(settings, store, cast("Any", Decider()), admin, lambda _: slack)
    home.listen(bolt, Events(bolt))
    clicks = CandidateClicks(store, queue, admin, clock)
    CandidateActions(settings, store, clicks, clock, home.refresh).listen(bolt)
    DigestPublisher(settings, store, queue, lambda _: slack, clock).tick()

    return store


Picture = Callable[[Page, str], None]


def test_an_admin_reads_the_digest_and_decides(page: Page, posted: Store, picture: Picture) -> None:
    page.set_viewport_size({"width": 1180, "height": 1500})
    message = page.get_by_test_id("message").filter(has_text="Weekly digest, 2027-W02")
    expect(message).to_contain_text("Improve the prompt")
    expect(message).to_contain_text("Keep the prompt")
    message.get_by_text("Weekly digest,").scroll_into_view_if_needed()
    picture(page, "digest")
    page.set_viewport_size({"width": 1180, "height": 860})

    message.get_by_role("button", name="Approve").first.click()
    modal = page.get_by_test_id("modal")
    expect(modal).to_contain_text("Recommendation for “triage”: Keep the prompt")
    modal.get_by_role("checkbox").check()
    modal.get_by_role("textbox").last.fill("it is right, and slow")
    picture(page, "approve")
    modal.get_by_role("spinbutton").fill("-5")
    page.get_by_test_id("modal-submit").click()
    expect(modal).to_contain_text("enter a number from 0")
    modal.get_by_role("spinbutton").fill("5")
    page.get_by_test_id("modal-submit").click()
    expect(message).to_contain_text("Approved by")

    message.get_by_role("button", name="Reject").first.click()
    page.get_by_test_id("modal").get_by_role("textbox").fill("we have a tool for that")
    page.get_by_test_id("modal-submit").click()
    expect(message).to_contain_text("Rejected by")
    assert {word.value for word in posted.digests.verdicts(seed_data.TEAM_ID)} == {
        "approve",
        "reject",
    }


def test_a_candidate_is_approved_and_put_aside_in_the_home(
    page: Page, posted: Store, picture: Picture
) -> None:
    page.locator('[data-testid="channel"][data-name="Beagle"]').click()
    page.get_by_test_id("tab-home").click()
    home = page.get_by_test_id("app-home")
    cards = home.locator(".carousel .card")
    expect(cards.first).to_contain_text("Awaiting a decision")
    picture(page, "home-candidates")
    waiting = cards.filter(has=page.get_by_role("button", name="Snooze"))
    before = waiting.count()
    waiting.first.get_by_role("button", name="Snooze").click()
    page.get_by_test_id("modal").get_by_label("For four weeks").check()
    page.get_by_test_id("modal-submit").click()
    expect(waiting).to_have_count(before - 1)
    waiting.first.get_by_role("button", name="Approve").click()
    page.get_by_test_id("modal").get_by_role("checkbox").check()
    page.get_by_test_id("modal").get_by_role("textbox").last.fill("asked every day")
    page.get_by_test_id("modal-submit").click()
    expect(waiting).to_have_count(before - 2)
    assert {word.value for word in posted.digests.verdicts(seed_data.TEAM_ID)} == {
        "approve",
        "snooze",
    }


def test_a_digest_can_be_read_on_a_narrow_and_dark_screen(
    open_page: Callable[..., Page], posted: Store
) -> None:
    page = open_page(width=390, height=800, dark=True)
    message = page.get_by_test_id("message").filter(has_text="Weekly digest, 2027-W02")
    expect(message.locator(".card").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_rollout_card_is_posted_with_the_next_buttons(
    page: Page, sandbox: Sandbox, slack: WebClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.training.trainers.lora.find_weights", lambda _: tmp_path)
    rollout = RolloutWorkspace(tmp_path)
    rollout.run_until_waiting()
    rollout.accept_dataset()
    rollout.run_until_waiting()
    settings = rollout.context.settings.model_copy(
        update={"admin_channel": channel(sandbox), "shadow_min_requests": 5}
    )
    RolloutPublisher(settings, rollout.store, lambda _: slack, rollout.clock).tick()
    message = page.get_by_test_id("message").filter(has_text="boxes")
    expect(message).to_contain_text("test rows that no version has seen")
    # Nobody has asked yet, so there is nothing to start.
    expect(message).to_contain_text("wait for 5 more requests")
    expect(message.get_by_role("button", name="Start canary (5%)")).to_have_count(0)
    expect(message.get_by_role("button", name="Roll back")).to_be_visible()
    rollout.store.close()


@pytest.mark.usefixtures("bolt")
def test_the_report_of_a_version_is_a_chart_and_a_table(
    page: Page, sandbox: Sandbox, slack: WebClient, picture: Picture
) -> None:
    shown = report_view.render_report(TUNED)
    slack.chat_postMessage(channel=channel(sandbox), text=shown.text, blocks=shown.blocks)
    page.set_viewport_size({"width": 1180, "height": 1150})
    message = page.get_by_test_id("message").filter(has_text="Report: leave")
    expect(message).to_contain_text("Passed on 60 test rows")
    expect(message.get_by_text("the best prompted version").first).to_be_visible()
    picture(page, "report")


def test_examples_open_beside_with_every_gate(page: Page, posted: Store) -> None:
    message = page.get_by_test_id("message").filter(has_text="Weekly digest")
    message.get_by_role("button", name="See examples").first.click()
    expect(page.get_by_test_id("modal")).to_contain_text("Simple classifier")


def test_somebody_who_is_no_admin_changes_nothing(
    page: Page, sandbox: Sandbox, posted: Store
) -> None:
    message = first_message(sandbox)
    sandbox.actor("grace").click("general", str(message["ts"]), "candidate_approve")
    expect(page.get_by_test_id("message").filter(has_text="Weekly digest")).not_to_contain_text(
        "Approved by"
    )
    assert not posted.digests.verdicts(seed_data.TEAM_ID)
