"""Where drift is shown: the admin channel, the rollout card, digest, home and terminal."""

from __future__ import annotations

import dataclasses
import json
from concurrent.futures import ThreadPoolExecutor

from bot.cli.drift import NOTHING, as_text, check_now, week_report
from bot.commands import load
from bot.sandbox.block_kit import check_message
from bot.weekly import digest_view
from bot.weekly.candidate_view import home_cards
from bot.weekly.drift_publisher import DriftPublisher
from router.candidate_evidence import CandidateEvidence
from router.config import Settings
from router.evidence_codec import decode
from router.store.privacy.sentences import REPLACEMENT
from router.store.weekly.digests import Digest
from router.store.weekly.drift_checks import DriftCheck
from tests.fixtures.command_context import make_command
from tests.fixtures.drift import KEY
from tests.fixtures.drift_admin import blocks_text
from workers.drift.summary import alarm_figures, drifting_candidates, summary_lines
from workers.jobs import advance
from workers.privacy.erasure import erase_person
from workers.runtime.job_key import job_key


def test_the_card_says_figures_meanings_costs_and_what_would_answer(drift_admin):
    shown = drift_admin.card()
    check_message({"text": shown.text, "blocks": shown.blocks})
    said = blocks_text(shown)
    assert "PSI" in said
    assert "People ask for other things than its training data has" in said
    assert "Retrain: about $505" in said
    assert "8 h of review for $480" in said
    assert "the last one took 1 CPU s" in said
    assert f"prompted version {drift_admin.weeks.rollout.live.id} answers instead" in said
    assert {"drift_retune", "drift_keep", "drift_rollback", "drift_retire"} <= {
        one["action_id"]
        for block in shown.blocks
        if block["type"] == "actions"
        for one in block["elements"]
    }


def test_it_is_posted_in_the_admin_channel_once(drift_admin):
    other = DriftPublisher(
        drift_admin.settings,
        drift_admin.store,
        drift_admin.queue,
        lambda _: drift_admin.slack,
        drift_admin.weeks.clock,
    )
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda keeper: keeper.post_pending(), [drift_admin.publisher, other] * 4))

    assert [post["channel"] for post in drift_admin.slack.posts] == ["C0ADMIN"]


def test_a_publisher_that_died_after_its_claim_does_not_block_the_message(drift_admin):
    store, clock = drift_admin.store, drift_admin.weeks.clock
    drift_admin.weeks.next_week()
    drift_admin.weeks.add_usual_requests()
    seen = drift_admin.weeks.check_drift()
    assert store.drift_checks.claim(seen.id, "C0ADMIN", clock.time, clock.time - 60)
    drift_admin.publisher.post_pending()
    assert len(drift_admin.slack.posts) == 1
    clock.time += 61
    drift_admin.publisher.post_pending()
    assert "found no drift" in drift_admin.slack.posts[-1]["text"]


def test_the_drift_check_is_enqueued_once_a_week(drift_admin):
    drift_admin.queue.jobs.clear()
    week = drift_admin.weeks.next_week()

    for _ in range(3):
        drift_admin.publisher.request_checks(week)

    assert list(drift_admin.queue.jobs) == [("drift", job_key("T1", week))]
    drift_admin.weeks.check_drift()
    drift_admin.weeks.clock.time += 3600
    drift_admin.publisher.request_checks(week)
    assert len(drift_admin.queue.jobs) == 1


def test_the_rollout_command_shows_a_drifting_version_with_its_reasons_and_buttons(drift_admin):
    asked = make_command(drift_admin.store, drift_admin.settings, drift_admin.weeks.clock)

    said = blocks_text(load("rollout").run(asked))
    assert "PSI" in said
    assert "drift_retune" in said


def test_after_a_decision_the_card_says_who_and_has_no_buttons(drift_admin):
    drift_admin.press("drift_retire")
    shown = drift_admin.card()
    assert not [block for block in shown.blocks if block["type"] == "actions"]
    assert "UADA" in blocks_text(shown)
    advance.enqueue_automatic(drift_admin.store, drift_admin.queue)


def test_the_digest_has_a_line_for_each_alarm_and_for_each_model_that_ends(drift_admin):
    week = drift_admin.store.drift_checks.newest(KEY).week
    body = {"model": "gpt-old", "date": "2027-03-01", "days": 45, "routes": ["rewrite"]}
    drift_admin.store.drift_checks.insert(
        DriftCheck("T1 gpt-old 2027-03-01", "T1", None, week, body, 1.0, telling=True)
    )
    alarm, ending = summary_lines(drift_admin.store, "T1", week)
    assert alarm.startswith("boxes: PSI")
    assert ending == "gpt-old ends on 2027-03-01 (45 days); it answers for rewrite"
    shown = digest_view.render(
        Digest("T1", week, empty(week) | {"drift": [alarm, ending]}, None, None, 1.0), [], {}
    )
    check_message({"text": shown.text, "blocks": shown.blocks})
    assert alarm in blocks_text(shown)


def empty(week):
    """The digest of a week without a request."""
    return {"week": week, "numbers": {"requests": 0}, "mined": 0, "overheard": []}


def test_the_home_of_an_admin_says_why_a_version_drifts(drift_admin):
    record = {"count": 90, "people": 8, "weekly": [20, 30, 40], "gates": [], "money": None}
    record |= {"recommendation": "tune", "structure": {"answers": 90}}
    found = [
        dataclasses.replace(one, evidence=decode(CandidateEvidence, record))
        for one in drifting_candidates(drift_admin.store, "T1")
    ]
    (block,) = home_cards(found, {one.id: alarm_figures(drift_admin.store, one) for one in found})
    (card,) = block["elements"]
    assert card["title"]["text"] == "boxes"
    assert card["body"]["text"].startswith("PSI")


def test_the_figures_of_the_week_are_printed_as_text_and_as_json(drift_admin):
    found = week_report(drift_admin.store, ["T1"], drift_admin.store.drift_checks.newest(KEY).week)
    assert json.loads(json.dumps(found)) == found
    (one,) = found["versions"]
    assert (one["state"], one["alarms"][0]["kind"], found["waits"]) == ("drifting", "inputs", [])
    said = as_text(found)
    assert "ALARM PSI" in said
    assert "Retrain: about $505" in said
    assert "Reviewed test rows: 100.0%" in said


def test_without_a_promoted_version_the_terminal_says_so(tmp_path):
    settings = Settings(_env_file=None, data=tmp_path / "data")
    assert NOTHING in check_now(settings, as_json=False)
    assert json.loads(check_now(settings, as_json=True))["versions"] == []


def test_a_label_that_quotes_an_erased_person_is_removed_from_stored_checks(drift_admin):
    store, now = drift_admin.store, drift_admin.weeks.clock.time
    text = "name5 wants the shelf near the door number 3"
    drift_admin.weeks.add_request(text, user="UGONE")
    seen = store.drift_checks.newest(KEY)
    body = dict(seen.body) | {"label": f"those who say {text}"}
    store.drift_checks.insert(DriftCheck("quoting", "T1", None, seen.week, body, now + 1.0))

    erase_person(store, store.documents, "T1", "UGONE", now + 2.0)

    label = store.drift_checks.get("quoting").body["label"]
    assert label == f"those who say {REPLACEMENT}"
    assert store.drift_checks.newest(KEY) == seen
