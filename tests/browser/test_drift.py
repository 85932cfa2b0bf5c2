"""The drift card in the browser: an admin reads it and decides with a click."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from slack_bolt import App
from slack_sdk import WebClient

from bot.admins import Admins
from bot.sandbox import seed_data
from bot.sandbox.server import Sandbox
from bot.ui.texts import drift as texts
from bot.weekly.candidate_click import CandidateClicks
from bot.weekly.drift_actions import DriftActions
from bot.weekly.drift_publisher import DriftPublisher
from router.catalog.version import Version
from router.config import Settings
from router.lifecycle import SYSTEM, State
from router.lifecycle_evidence import EVIDENCE_BY_STATE
from router.statistics import share_interval
from router.store import Store
from router.store.versions.versions import StoredVersion
from router.store.weekly.drift_checks import DriftCheck
from router.types import Candidate
from tests.browser.screens import channel, first_message
from workers.drift.alarms import DriftMeasurement, triggered_alarms
from workers.drift.correction_rate import CorrectionRate
from workers.drift.cost import retraining_cost
from workers.drift.input_shift import InputShift
from workers.drift.model_sunset import ModelSunset
from workers.evaluation.paired import PairedAccuracy
from workers.fakes import MemoryQueue

pytestmark = pytest.mark.browser
IMAGES = Path(__file__).parents[2] / "docs" / "images"
KEY = f"{seed_data.TEAM_ID}:c1"
OLD = Version(route="triage", kind="prompt", prompt="Sort it.")
NEW = OLD.with_changes(kind="tuned", adapter="triage-0123456789ab")
WAY: tuple[State, ...] = (
    "digested",
    "approved",
    "optimised",
    "dataset",
    "reviewed",
    "tuned",
    "evaluated",
    "shadow",
)


def share(corrected: int, answers: int) -> CorrectionRate:
    low, high = share_interval(corrected / answers, answers)
    return CorrectionRate(answers, corrected, corrected / answers, low, high)


FOUND = DriftMeasurement(
    own=PairedAccuracy(120, 0.975, 0.908, -0.067, -0.117, -0.025, p=0.01),
    golden=PairedAccuracy(40, 0.95, 0.95, 0.0, 0.0, 0.0),
    shift=InputShift(214, 0.31, 0.12, [9, 12, 14, 18, 20, 21, 22, 25, 30, 43]),
    promoted=share(6, 150),
    weeks=[share(9, 180), share(14, 201), share(19, 214)],
    ending=[ModelSunset("gpt-4o-mini", "2027-02-14", 30)],
)


@pytest.fixture
def drifted(
    sandbox: Sandbox, bolt: App, slack: WebClient, store: Store, clock: Callable[[], float]
) -> Store:
    """Posts the card of a drifting tuned version in #general; Ada is an admin."""
    settings = Settings(
        _env_file=None, admins=(seed_data.user_id("ada"),), admin_channel=channel(sandbox)
    )  # type: ignore[call-arg]  # pydantic's own
    queue = MemoryQueue({"advance": "compute", "drift": "compute"})

    for team, version in (("", OLD), (seed_data.TEAM_ID, NEW)):
        body = version.model_dump(mode="json")
        store.versions.insert(
            StoredVersion(team, "triage", version.id, version.kind, "shadow", body, 1.0)
        )

    store.versions.go_live("", "triage", OLD.id)
    one = store.candidates.upsert(
        Candidate(KEY, seed_data.TEAM_ID, "Ticket triage", "d", "detected", route="triage"), 1.0
    )

    steps = [(state, {}) for state in WAY] + [
        ("canary", {"share": 0.05}),
        ("live", {}),
        ("drifting", {"drift_check": KEY}),
    ]
    for at, (state, more) in enumerate(steps):
        told = {"previous_version": OLD.id} | more | ({} if state in WAY else {"version": NEW.id})
        one = store.candidates.advance(
            KEY,
            EVIDENCE_BY_STATE[state](**told),
            actor="UADA",
            at=10.0 + at,
            version=one.version,
        )

    rang = [asdict(alarm) for alarm in triggered_alarms(FOUND, settings)]
    spent = asdict(retraining_cost(settings, {"cpu_seconds": 812.0}, FOUND))
    stands = {
        "label": one.label,
        "route": "triage",
        "version": NEW.id,
        "kind": "tuned",
        "fingerprints": {},
    }

    measured = {
        "measured": asdict(FOUND),
        "alarms": rang,
        "cost": spent,
        "scores": {"own": {}, "golden": {}},
    }

    store.drift_checks.insert(
        DriftCheck(
            KEY, seed_data.TEAM_ID, KEY, "2027-W02", stands | measured, clock(), telling=True
        )
    )
    clicks = CandidateClicks(store, queue, Admins(settings, store.audit, clock), clock)
    DriftActions(settings, store, clicks, clock).listen(bolt)
    DriftPublisher(settings, store, queue, lambda _: slack, clock).post_pending()

    return store


def test_an_admin_reads_what_drifted_and_keeps_it_with_a_reason(page: Page, drifted: Store) -> None:
    message = page.get_by_test_id("message").filter(has_text="A live version has become worse")
    for words in (
        "90.8% of 120 rows right",
        "PSI 0.31",
        "gpt-4o-mini ends on 2027-02-14",
        "Retrain: about",
        "Wait:",
    ):
        expect(message).to_contain_text(words)

    if os.environ.get("SCREENSHOTS") == "write":  # noqa: TID251  # a switch of these tests alone
        page.wait_for_timeout(300)
        message.screenshot(path=IMAGES / "slack-drift.png")

    message.get_by_role("button", name="Dismiss alarm").click()
    page.get_by_test_id("modal").get_by_role("textbox").fill("we sell other things since Monday")
    page.get_by_test_id("modal-submit").click()
    expect(message).to_contain_text("we sell other things since Monday")
    expect(message.get_by_role("button", name=texts.RETRAIN)).to_have_count(0)
    assert drifted.candidates.history(KEY)[-1].actor == seed_data.user_id("ada")


def test_an_admin_retires_it_and_the_prompted_version_answers(page: Page, drifted: Store) -> None:
    message = page.get_by_test_id("message").filter(has_text="A live version has become worse")
    message.get_by_role("button", name="Retire").click()
    page.get_by_test_id("confirm-yes").click()
    expect(message).to_contain_text("This version no longer answers.")
    live = drifted.versions.live(seed_data.TEAM_ID, "triage")
    assert live is not None
    assert live.id == OLD.id


def test_somebody_who_is_no_admin_changes_nothing(
    page: Page, sandbox: Sandbox, drifted: Store
) -> None:
    message = first_message(sandbox)
    sandbox.actor("grace").click("general", str(message["ts"]), "drift_retire")
    expect(
        page.get_by_test_id("message").filter(has_text="A live version has become worse")
    ).to_contain_text("Retire")
    one = drifted.candidates.get(KEY)
    assert one is not None
    assert one.state == "drifting"
    assert one.approver != SYSTEM
