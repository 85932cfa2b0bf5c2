"""An admin reads the card of a version that drifts and decides with a click; it counts once, and nobody else's does."""

from __future__ import annotations

import dataclasses
import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from bot import digest_blocks, drift, drift_blocks, texts
from bot.admins import Admins
from bot.candidate_cards import home_cards
from bot.commands import Asked, load
from bot.drift import Drifting
from bot.drift_card import rendered
from bot.drift_keeper import DriftKeeper
from bot.drift_now import NOTHING, as_text, figures, watch_now
from bot.sandbox.block_kit import check_message
from router.config import Settings
from router.store import open_store
from router.store.digests import Digest
from router.store.drifts import Drift
from router.store.versions import Stored
from router.types import Decision
from tests.lifecycle.drifting import KEY
from workers import advance
from workers.dataset_review import accept_rest, as_rows, decide, of_rows, sample
from workers.drift import key_of
from workers.drifting.lines import drifting, lines, reasons
from workers.memory import MemoryQueue
from workers.stand_ins import ScriptedModel


class Slack:
    """Takes what is posted, as Slack would."""

    def __init__(self) -> None:
        self.posts, self.updates, self.views = [], [], []

    def chat_postMessage(self, **said):  # noqa: N802  # Slack's name
        self.posts.append(said)
        return {"ts": f"{len(self.posts)}.0"}

    def chat_update(self, **said):
        self.updates.append(said)

    def views_open(self, **said):
        self.views.append(said["view"])


class Left:
    """Has everything right where left is; with an adapter only if it is `adapted`."""

    def __init__(self, *, adapted=True) -> None:
        self.adapted = adapted

    def complete(self, call, on_text=None):
        who = call.messages[-1]["content"].split()[0] if self.adapted or call.adapter is None else "nobody"
        return ScriptedModel([json.dumps({"box": "left", "who": who})]).complete(call, on_text)


class Clicks:
    """Presses the buttons of the newest card."""

    def __init__(self, weeks) -> None:
        self.weeks, self.store, self.slack, self.told = weeks, weeks.store, Slack(), []
        self.settings = weeks.context.settings.model_copy(update={"admins": ("UADA",), "admin_channel": "C0ADMIN"})
        self.queue = MemoryQueue({"drift": "compute", "advance": "compute", "digest": "compute"})
        self.admins = Admins(self.settings, self.store.audit, weeks.clock)
        self.parts = Drifting(self.settings, self.store, self.queue, self.admins)
        self.keeper = DriftKeeper(self.settings, self.store, self.queue, lambda _: self.slack, weeks.clock)

    def body(self, user):
        return {"team": {"id": "T1"}, "user": {"id": user}, "trigger_id": "t"}

    def card(self):
        return rendered(self.store, self.store.drifts.newest(KEY))

    def button(self, name):
        blocks = [block for block in self.card().blocks if block["type"] == "actions"]
        return next(one for block in blocks for one in block["elements"] if one["action_id"] == name)

    def press(self, name, user="UADA", button=None):
        acts = {"drift_retune": "retune", "drift_keep": "ask_why", "drift_back": "roll_back", "drift_retire": "retire"}
        acts["drift_stop"] = "stop"
        action = button or self.button(name)
        respond = lambda **said: self.told.append(said["text"])  # noqa: E731
        getattr(self.parts, acts[name])(lambda: None, action, self.body(user), respond, self.slack)

    def keep(self, reason="we sell this now", user="UADA", view=None):
        state = {"why": {"why": {"value": reason}}}
        view = (view or self.slack.views[-1]) | {"state": {"values": state}}
        self.parts.keep(lambda: None, self.body(user), view, self.slack)

    def audit(self):
        return [(act.user, act.action, act.outcome) for act in self.store.audit.of("T1", KEY)]


@pytest.fixture
def clicks(weeks):
    weeks.next_week()
    weeks.other()
    weeks.watch()
    made = Clicks(weeks)
    made.keeper.post()
    return made


def words(shown):
    return json.dumps(shown.blocks, ensure_ascii=False)


def test_the_card_says_figures_meanings_costs_and_what_would_answer(clicks):
    shown = clicks.card()
    check_message({"text": shown.text, "blocks": shown.blocks})
    said = words(shown)
    assert "PSI" in said
    assert "People ask for other things than it was taught" in said
    assert "Retune: about $505" in said
    assert "8 h of review $480" in said
    assert "the last one took 1 CPU s" in said
    assert f"prompted version {clicks.weeks.road.live.id} answers instead" in said
    assert {"drift_retune", "drift_keep", "drift_back", "drift_retire"} <= {
        one["action_id"] for block in shown.blocks if block["type"] == "actions" for one in block["elements"]
    }


def test_it_stands_in_the_admin_channel_once(clicks):
    other = DriftKeeper(clicks.settings, clicks.store, clicks.queue, lambda _: clicks.slack, clicks.weeks.clock)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda keeper: keeper.post(), [clicks.keeper, other] * 4))
    assert [post["channel"] for post in clicks.slack.posts] == ["C0ADMIN"]


def test_who_claimed_a_message_and_ended_does_not_keep_it_from_standing_there(clicks):
    store, clock = clicks.store, clicks.weeks.clock
    clicks.weeks.next_week()
    clicks.weeks.ordinary()
    seen = clicks.weeks.watch()
    assert store.drifts.claim(seen.id, "C0ADMIN", clock.time, clock.time - 60)
    clicks.keeper.post()
    assert len(clicks.slack.posts) == 1
    clock.time += 61
    clicks.keeper.post()
    assert "the alarm is over" in clicks.slack.posts[-1]["text"]


def test_the_watch_is_asked_for_once_a_week(clicks):
    clicks.queue.jobs.clear()
    week = clicks.weeks.next_week()
    for _ in range(3):
        clicks.keeper.ask(week)
    assert list(clicks.queue.jobs) == [("drift", key_of("T1", week))]
    clicks.weeks.watch()
    clicks.weeks.clock.time += 3600
    clicks.keeper.ask(week)
    assert len(clicks.queue.jobs) == 1


def test_retune_goes_back_to_the_dataset_with_what_was_asked_since_and_the_old_version_answers_on(clicks):
    weeks, road = clicks.weeks, clicks.weeks.road
    old = clicks.store.datasets.of(KEY)
    clicks.press("drift_retune")
    assert "wait for a review" in clicks.told[-1]
    new = clicks.store.datasets.of(KEY)
    assert (road.state, new.id != old.id) == ("dataset", True)
    rows = of_rows(new.rows)
    carried = [row for row in rows if row.carried]
    assert carried
    assert all(row.usable for row in carried)
    assert any("refund" in row.text for row in rows if row.review == "waiting")
    assert road.answers() == {weeks.version}
    assert words(clicks.card()).count("Back to the dataset")


def test_the_sample_speaks_of_the_new_rows_only(clicks):
    clicks.press("drift_retune")
    rows = of_rows(clicks.store.datasets.of(KEY).rows)
    assert not [place for place in sample(rows, 20, 0) if rows[place].carried]


def test_from_retune_the_road_leads_to_a_new_live_version_and_the_old_one_answers_until_then(clicks):
    weeks, road = clicks.weeks, clicks.weeks.road
    clicks.press("drift_retune")
    stored = clicks.store.datasets.of(KEY)
    rows = of_rows(stored.rows)
    rows = tuple(dataclasses.replace(row, answer={"box": "left", "who": row.text.split()[0]}) for row in rows)
    drawn = sample(rows, 20, 0)
    for place in drawn:
        rows = decide(rows, place, "accepted", "UADA")
    clicks.store.datasets.review(stored, as_rows(accept_rest(rows, drawn, "UADA", 0.1)), stored.card)
    weeks.road.context = dataclasses.replace(weeks.context, model=Left())
    road.take("reviewed", "UADA", dataset=stored.id)
    road.go()
    assert road.state == "shadow"
    assert road.answers() == {weeks.version}
    new = road.made()
    report = clicks.store.datasets.report("boxes", new)
    assert report.against == weeks.version
    assert report.body["versions"]["prompted"] == road.live.id
    road.take("canary", "UADA", version=new, share=0.05, before=weeks.version)
    assert road.answers() == {weeks.version, new}
    for step in range(4):
        for n in range(20):
            road.ask(90_000 + 100 * step + n, new)
        weeks.clock.time += 2.0
        road.go()
    assert (road.state, road.answers()) == ("live", {new})


def test_a_new_training_that_does_not_pass_leaves_the_old_version_answering_and_drifting(clicks):
    weeks, road = clicks.weeks, clicks.weeks.road
    clicks.press("drift_retune")
    road.review()
    weeks.road.context = dataclasses.replace(weeks.context, model=Left(adapted=False))
    road.go()
    assert road.state == "drifting"
    assert "did not pass" in clicks.store.candidates.history(KEY)[-1].evidence["why"]
    assert road.answers() == {weeks.version}
    clicks.press("drift_back", button={"value": json.dumps({"candidate": KEY, "version": weeks.candidate.version})})
    assert road.answers() == {road.live.id}


def test_training_anew_can_be_stopped_while_the_examples_wait(clicks):
    clicks.press("drift_retune")
    asked = Asked((), "T1", "UADA", "C1", clicks.settings, clicks.store, None, clicks.weeks.clock, clicks.admins)
    shown = [e for b in load("road").run(asked).blocks if b["type"] == "actions" for e in b["elements"]]
    (button,) = (one for one in shown if one["action_id"] == "drift_stop")
    clicks.press("drift_stop", user="UBOB", button=button)
    assert clicks.weeks.candidate.state == "dataset"
    clicks.press("drift_stop", button=button)
    assert clicks.weeks.candidate.state == "drifting"
    assert clicks.weeks.road.answers() == {clicks.weeks.version}
    clicks.press("drift_stop", button=button)
    assert clicks.told[-1] == texts.CANDIDATE_CHANGED
    clicks.press("drift_back")
    assert clicks.weeks.road.answers() == {clicks.weeks.road.live.id}


def test_a_version_that_is_trained_anew_is_taken_back_by_the_limits_of_a_live_one(clicks):
    clicks.press("drift_retune")
    clicks.weeks.road.go()
    assert clicks.weeks.candidate.state == "dataset"
    for _ in range(2):
        clicks.weeks.ordinary(corrected=40)
    clicks.weeks.road.go()
    assert clicks.weeks.candidate.state == "rolled_back"
    assert clicks.weeks.road.answers() == {clicks.weeks.road.live.id}


def test_retune_says_what_is_missing_and_changes_nothing(clicks):
    for user in range(8):
        clicks.store.opt_outs.leave("T1", f"U{user}", 1.0)
    before = clicks.weeks.candidate
    clicks.press("drift_retune")
    assert "0 people are in it" in clicks.told[-1]
    assert clicks.weeks.candidate == before


def test_keep_asks_for_a_reason_and_makes_it_live_again(clicks):
    clicks.press("drift_keep")
    clicks.keep(reason="  ")
    assert clicks.weeks.candidate.state == "drifting"
    clicks.keep()
    edge = clicks.store.candidates.history(KEY)[-1]
    assert (edge.after, edge.actor, edge.evidence["reason"]) == ("live", "UADA", "we sell this now")
    assert "Kept as it is" in json.dumps(clicks.slack.updates[-1]["blocks"])
    assert "we sell this now" in json.dumps(clicks.slack.updates[-1]["blocks"])
    clicks.weeks.next_week()
    clicks.weeks.other()
    assert clicks.weeks.kinds(clicks.weeks.watch()) == []


def test_roll_back_brings_the_version_before(clicks):
    clicks.press("drift_back")
    assert clicks.told[-1] == drift.ROLLED_BACK
    assert clicks.weeks.road.answers() == {clicks.weeks.road.live.id}


def test_retire_lets_the_best_prompted_version_answer_on_every_worker_from_the_next_request_on(clicks, tmp_path):
    weeks, prompted = clicks.weeks, clicks.weeks.road.live.id
    elsewhere = open_store(f"sqlite:///{tmp_path / 'beagle.db'}")
    other = dataclasses.replace(weeks.context, store=elsewhere)
    decided = Decision("route", "boxes", 1.0, 1.0, 1.0, (), "r", weeks.version)
    assert other.version("boxes", decided.version).id == weeks.version
    clicks.press("drift_retire")
    assert clicks.told[-1] == drift_blocks.RETIRE_NOTE.format(version=prompted)
    assert other.version("boxes", decided.version).id == prompted
    assert {elsewhere.versions.answering("boxes", f"P{n}").id for n in range(50)} == {prompted}
    elsewhere.close()
    assert weeks.candidate.state == "retired"
    clicks.store.versions.withdraw("boxes", prompted)
    assert weeks.road.answers() == {prompted}, "the retired version is no way back"


def test_where_no_prompted_version_is_known_nothing_is_retired(clicks, monkeypatch):
    monkeypatch.setattr("bot.drift.best_prompted", lambda store, of: None)
    clicks.press("drift_retire")
    assert clicks.told[-1] == drift_blocks.NO_PROMPT
    assert clicks.weeks.candidate.state == "drifting"


@pytest.mark.parametrize("name", ["drift_retune", "drift_keep", "drift_back", "drift_retire"])
def test_nobody_else_can_press(clicks, name):
    before = clicks.weeks.candidate
    clicks.press(name, user="UBOB")
    assert clicks.told[-1] == texts.ADMINS_ONLY
    assert clicks.weeks.candidate == before
    assert clicks.audit() == [("UBOB", "drift", "refused")]
    assert not clicks.slack.views


def test_who_is_no_admin_any_more_cannot_send_the_dialog(clicks):
    clicks.press("drift_keep")
    clicks.keep(user="UBOB")
    assert clicks.weeks.candidate.state == "drifting"
    assert clicks.audit()[-1] == ("UBOB", "drift", "refused")


@pytest.mark.parametrize("name", ["drift_retune", "drift_keep", "drift_back", "drift_retire"])
def test_an_old_button_is_late(clicks, name):
    old = clicks.button(name)
    clicks.press("drift_back")
    clicks.press(name, button=old)
    assert clicks.told[-1] == texts.CANDIDATE_CHANGED
    assert clicks.audit()[-1] == ("UADA", "drift", "late")
    assert clicks.weeks.candidate.state == "rolled_back"


def test_ten_clicks_at_once_count_once(clicks):
    buttons = [clicks.button(name) for name in ("drift_back", "drift_retire")] * 5
    names = ["drift_back", "drift_retire"] * 5
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(lambda pair: clicks.press(pair[0], button=pair[1]), zip(names, buttons, strict=True)))
    outcomes = [outcome for _, _, outcome in clicks.audit()]
    assert (outcomes.count("applied"), outcomes.count("late")) == (1, 9)
    assert clicks.weeks.road.answers() == {clicks.weeks.road.live.id}


def test_the_road_shows_a_drifting_version_with_its_reasons_and_the_same_buttons(clicks):
    asked = Asked((), "T1", "UADA", "C1", clicks.settings, clicks.store, None, clicks.weeks.clock, clicks.admins)
    said = words(load("road").run(asked))
    assert "PSI" in said
    assert "drift_retune" in said


def test_after_a_decision_the_card_says_who_and_has_no_buttons(clicks):
    clicks.press("drift_retire")
    shown = clicks.card()
    assert not [block for block in shown.blocks if block["type"] == "actions"]
    assert "UADA" in words(shown)
    advance.wake_all(clicks.store, clicks.queue)


def test_the_digest_has_a_line_for_each_alarm_and_for_each_model_that_ends(clicks):
    week = clicks.store.drifts.newest(KEY).week
    body = {"model": "gpt-old", "date": "2027-03-01", "days": 45, "routes": ["rewrite"]}
    clicks.store.drifts.write(Drift("T1 gpt-old 2027-03-01", "T1", None, week, body, 1.0, telling=True))
    alarm, ending = lines(clicks.store, "T1", week)
    assert alarm.startswith("boxes: PSI")
    assert ending == "gpt-old ends on 2027-03-01 (45 days); it answers for rewrite"
    shown = digest_blocks.render(Digest("T1", week, empty(week) | {"drift": [alarm, ending]}, None, None, 1.0), [], {})
    check_message({"text": shown.text, "blocks": shown.blocks})
    assert alarm in words(shown)


def empty(week):
    """The digest of a week without a request."""
    return {"week": week, "numbers": {"requests": 0}, "mined": 0, "overheard": []}


def test_the_home_of_an_admin_says_why_a_version_drifts(clicks):
    record = {"count": 90, "people": 8, "weekly": [20, 30, 40], "gates": [], "money": None}
    record |= {"recommendation": "tune", "structure": {"answers": 90}}
    found = [dataclasses.replace(one, evidence=record) for one in drifting(clicks.store, "T1")]
    (block,) = home_cards(found, {one.id: reasons(clicks.store, one) for one in found})
    (card,) = block["elements"]
    assert card["title"]["text"] == "boxes"
    assert card["body"]["text"].startswith("PSI")


def test_the_figures_of_the_week_stand_in_the_terminal_and_as_json(clicks):
    found = figures(clicks.store, ["T1"], clicks.store.drifts.newest(KEY).week)
    assert json.loads(json.dumps(found)) == found
    (one,) = found["versions"]
    assert (one["state"], one["alarms"][0]["kind"], found["waits"]) == ("drifting", "inputs", [])
    said = as_text(found)
    assert "ALARM PSI" in said
    assert "Retune: about $505" in said
    assert "reviewed test rows: 100.0%" in said


def test_without_a_version_from_the_road_the_terminal_says_so(tmp_path):
    settings = Settings(_env_file=None, data=tmp_path / "data")
    assert NOTHING in watch_now(settings, as_json=False)
    assert json.loads(watch_now(settings, as_json=True))["versions"] == []


def test_a_prompt_that_drifts_is_made_the_most_of_again_and_drifts_on_while_an_alarm_rings(clicks):
    weeks, road = clicks.weeks, clicks.weeks.road
    prompted = road.live.changed(prompt="RICH")
    body = prompted.model_dump(mode="json")
    clicks.store.versions.insert(Stored("boxes", prompted.id, "prompt", "canary", body, 1.0))
    clicks.press("drift_keep")
    clicks.keep()
    road.take("rolled_back", "UADA", version=weeks.version)
    road.take("shadow", "UADA", version=prompted.id)
    road.take("canary", "UADA", version=prompted.id, share=1.0, before=road.live.id)
    road.take("live", version=prompted.id, before=road.live.id)
    weeks.next_week()
    weeks.ordinary()
    first = weeks.watch()
    assert (first.body["kind"], weeks.kinds(first)) == ("prompt", [])
    weeks.ends["local"] = "2027-03-01"
    weeks.next_week()
    weeks.ordinary()
    assert weeks.kinds(weeks.watch()) == ["ending"]
    clicks.press("drift_retune")
    assert (clicks.told[-1], weeks.candidate.state) == (drift.AGAIN, "approved")
    road.take("optimised", best=1.0)
    road.take("kept_prompt")
    weeks.next_week()
    weeks.ordinary()
    weeks.watch()
    assert weeks.candidate.state == "drifting"
    assert road.answers() == {prompted.id}
