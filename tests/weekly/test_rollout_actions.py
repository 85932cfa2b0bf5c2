"""An admin promotes a candidate from its dataset to all users by clicks; nobody else can."""

from __future__ import annotations

import dataclasses
import json
import threading
from collections import Counter

import pytest

from bot.admins import Admins
from bot.commands import load
from bot.ui.texts import rollout as texts
from bot.ui.texts import weekly
from bot.weekly.candidate_click import CandidateClicks
from bot.weekly.rollout_actions import RolloutActions
from router.store import open_store
from router.store.versions.shadow_runs import ShadowRun
from tests.fixtures.command_context import make_command
from workers.jobs import advance
from workers.worker import serve

KEY = "T1:c1"


class Clicks:
    """Presses the buttons that a person sees."""

    def __init__(self, rollout) -> None:
        self.rollout, self.told, self.views, self.acks = rollout, [], [], []
        settings = rollout.context.settings.model_copy(
            update={"admins": ("UADA",), "shadow_min_requests": 5}
        )
        self.settings = settings
        self.admins = Admins(settings, rollout.store.audit, rollout.clock)
        self.clicks = CandidateClicks(
            rollout.store, rollout.context.queue, self.admins, rollout.clock
        )
        self.parts = RolloutActions(settings, rollout.store, self.clicks, rollout.clock)

    def body(self, user):
        return {"team": {"id": "T1"}, "user": {"id": user}, "trigger_id": "t"}

    def card(self, user="UADA"):
        return load("rollout").run(self.asked(user))

    def asked(self, user="UADA"):
        return make_command(self.rollout.store, self.settings, self.rollout.clock, user=user)

    def button(self, name):
        blocks = [block for block in self.card().blocks if block["type"] == "actions"]
        return next(e for block in blocks for e in block["elements"] if e["action_id"] == name)

    def press(self, name, user="UADA", button=None):
        action, respond = button or self.button(name), lambda **said: self.told.append(said["text"])
        act = {
            "rollout_review": self.parts.open_review,
            "rollout_accept": self.parts.accept_remaining,
            "rollout_canary": self.parts.start_canary,
            "rollout_shadow": self.parts.start_shadow,
            "rollout_rollback": self.parts.roll_back,
        }
        act[name](self.ack, action, self.body(user), respond, self)

    def ack(self, **said):
        self.acks.append(said)

    def views_open(self, trigger_id, view):
        self.views.append(view)

    def fill(self, verdict="accepted", **answers):
        view = self.views[-1]
        places = json.loads(view["private_metadata"])["places"]
        state = {
            f"verdict{p}": {f"verdict{p}": {"selected_option": {"value": verdict}}} for p in places
        }
        state |= {name: {name: {"value": value}} for name, value in answers.items()}
        self.parts.save_review(self.ack, self.body("UADA"), view | {"state": {"values": state}})

    def review_all(self):
        for _ in range(20):
            self.told.clear()
            self.press("rollout_review")
            if self.told:
                return

            self.fill()


@pytest.fixture
def clicks(rollout):
    rollout.run_until_waiting()
    return Clicks(rollout)


def test_from_the_dataset_to_live_and_back_by_clicks_alone(clicks):
    rollout = clicks.rollout
    clicks.press("rollout_accept")
    assert "20 rows of the sample wait" in clicks.told[-1]
    clicks.review_all()
    clicks.press("rollout_accept")
    assert clicks.told[-1] == texts.TRAINING_STARTED
    rollout.run_until_waiting()
    assert rollout.state == "shadow"
    assert "rollout_canary" not in str(clicks.card().blocks)
    assert "wait for 5 more requests" in str(clicks.card().blocks)
    old = clicks.button("rollout_rollback") | {"action_id": "rollout_canary"}
    clicks.press("rollout_canary", button=old)
    assert "0 of 5 requests so far" in clicks.told[-1]
    version = rollout.trained_version()

    for n in range(5):
        rollout.store.shadow_runs.insert(
            ShadowRun(
                f"q{rollout.live.id}{n}", version, "boxes", 1.0, True, 0.0, 1.0, rollout.clock.time
            )
        )

    assert "The shadow test is complete: 5 requests, 5 were needed." in json.dumps(
        clicks.card().blocks
    )
    clicks.press("rollout_canary")
    assert clicks.told[-1] == texts.CANARY_STARTED.format(share=0.05)
    assert rollout.serving_versions() == {rollout.live.id, version}
    clicks.press("rollout_rollback")
    assert rollout.serving_versions() == {rollout.live.id}
    rollout.run_until_waiting()
    assert (rollout.state, rollout.serving_versions()) == ("rolled_back", {rollout.live.id})


def test_accepting_what_nobody_saw_asks_first_and_names_how_many(clicks):
    clicks.review_all()
    dataset = clicks.rollout.store.datasets.newest_for_candidate("T1", KEY)
    waiting = [row for row in dataset.rows if row["review"] == "waiting"]

    asked = clicks.button("rollout_accept")["confirm"]["text"]["text"]

    assert len(waiting) > 1
    assert asked.startswith(f"{len(waiting)} examples that nobody has looked at are accepted")


def test_the_form_of_a_row_shows_what_was_answered_and_what_may_be_chosen(clicks):
    clicks.press("rollout_review")
    view = clicks.views[-1]
    place = json.loads(view["private_metadata"])["places"][0]
    row = clicks.rollout.store.datasets.newest_for_candidate("T1", KEY).rows[place]
    inputs = {block["block_id"]: block for block in view["blocks"] if block["type"] == "input"}
    box, who = inputs[f"answer{place}"], inputs[f"answer{place}_1"]

    assert (box["label"]["text"], who["label"]["text"]) == ("box", "who")
    assert [choice["value"] for choice in box["element"]["options"]] == ["left", "right"]
    assert box["element"]["initial_option"]["value"] == row["answer"]["box"]
    assert who["element"]["initial_value"] == row["answer"]["who"]
    assert json.dumps(row["answer"]) not in json.dumps(view).replace('\\"', '"')


def test_what_was_rolled_back_can_be_tried_again(clicks):
    rollout = clicks.rollout
    rollout.accept_dataset()
    rollout.run_until_waiting()
    assert clicks.button("rollout_rollback")["confirm"]["title"]["text"] == "Roll back?"
    clicks.press("rollout_rollback")
    assert rollout.state == "rolled_back"

    clicks.press("rollout_shadow")

    assert rollout.state == "shadow"
    assert rollout.serving_versions() == {rollout.live.id}


def test_the_report_is_a_click_away_once_there_is_one(clicks):
    rollout = clicks.rollout
    assert "rollout_report" not in json.dumps(clicks.card().blocks)
    rollout.accept_dataset()
    rollout.run_until_waiting()
    shown = []
    clicks.parts.show_report(
        clicks.ack,
        clicks.button("rollout_report"),
        clicks.body("UADA"),
        lambda **said: shown.append(said),
        clicks,
    )

    assert "Passed on" in shown[-1]["text"]
    assert {"data_visualization", "data_table"} <= {block["type"] for block in shown[-1]["blocks"]}
    asked = dataclasses.replace(clicks.asked(), words=("boxes",))
    assert load("report").run(asked).blocks == shown[-1]["blocks"]
    assert "Passed" not in json.dumps(
        load("report").run(dataclasses.replace(asked, user="UBOB")).blocks
    )


def test_nobody_else_can_press_and_an_old_button_is_late(clicks):
    old = clicks.button("rollout_accept")
    clicks.press("rollout_accept", user="UBOB", button=old)
    assert "admin" in clicks.told[-1].lower()
    clicks.review_all()
    clicks.press("rollout_accept")
    clicks.press("rollout_accept", button=old)
    assert clicks.told[-1] == weekly.CANDIDATE_CHANGED
    assert clicks.rollout.state == "reviewed"


def test_a_wrong_answer_is_fixed_and_one_that_breaks_the_schema_is_marked_at_its_row(clicks):
    clicks.press("rollout_review")
    place = json.loads(clicks.views[-1]["private_metadata"])["places"][0]
    clicks.fill(**{f"answer{place}": "middle"})
    assert f"verdict{place}" in clicks.acks[-1]["errors"]
    clicks.fill(verdict="", **{f"answer{place}": "left", f"answer{place}_1": "ann"})
    row = clicks.rollout.store.datasets.newest_for_candidate("T1", KEY).rows[place]
    assert (row["review"], row["answer"], row["by"]) == (
        "fixed",
        {"box": "left", "who": "ann"},
        "UADA",
    )


@pytest.mark.parametrize("name", ["rollout_accept", "rollout_canary", "rollout_rollback"])
def test_ten_clicks_at_once_count_once_and_each_leaves_a_row(clicks, name):
    rollout = clicks.rollout
    clicks.review_all()

    if name != "rollout_accept":
        clicks.press("rollout_accept")
        rollout.run_until_waiting()

        for n in range(5):
            rollout.store.shadow_runs.insert(
                ShadowRun(
                    f"q{rollout.live.id}{n}",
                    rollout.trained_version(),
                    "boxes",
                    1.0,
                    True,
                    0.0,
                    1.0,
                    rollout.clock.time,
                )
            )

    before, button = len(rollout.store.candidates.history(KEY)), clicks.button(name)

    threads = [
        threading.Thread(target=clicks.press, args=(name, "UADA", button)) for _ in range(10)
    ]
    for thread in threads:
        thread.start()

    for thread in threads:
        thread.join()

    assert len(rollout.store.candidates.history(KEY)) == before + 1
    acts = rollout.store.audit.for_subject("T1", KEY)
    assert Counter(act.outcome for act in acts)["late"] == 9
    assert sum(act.outcome == "applied" and act.action != "rollout_review" for act in acts) == len(
        [
            edge
            for edge in rollout.store.candidates.history(KEY)
            if edge.actor == "UADA" and edge.after != "approved"
        ]
    )


def test_one_click_reaches_every_worker_and_what_waits_in_the_queue(clicks):
    rollout = clicks.rollout
    clicks.review_all()
    clicks.press("rollout_accept")
    rollout.run_until_waiting()
    version = rollout.start_canary()
    others = [open_store(str(rollout.store.engine.url)) for _ in range(2)]
    workers = [dataclasses.replace(rollout.context, store=store) for store in others]
    # Decided for the new version before the click, and still in a queue.
    assert {worker.serving_version("T1", "boxes", version).id for worker in workers} == {version}
    clicks.press("rollout_rollback")
    assert {worker.serving_version("T1", "boxes", version).id for worker in workers} == {
        rollout.live.id
    }
    assert {
        store.versions.version_for_user("T1", "boxes", f"P{n}").id
        for store in others
        for n in range(120)
    } == {rollout.live.id}

    for store in others:
        store.close()


def test_after_the_set_time_fewer_requests_will_do(clicks):
    rollout = clicks.rollout
    clicks.review_all()
    clicks.press("rollout_accept")
    rollout.run_until_waiting()
    settings = clicks.settings.model_copy(update={"shadow_min_requests": 200, "shadow_hours": 1.0})
    clicks.settings = settings
    clicks.parts = RolloutActions(settings, rollout.store, clicks.clicks, rollout.clock)

    for n in range(20):
        rollout.store.shadow_runs.insert(
            ShadowRun(
                f"q{rollout.live.id}{n}",
                rollout.trained_version(),
                "boxes",
                1.0,
                True,
                0.0,
                1.0,
                rollout.clock.time,
            )
        )

    old = clicks.button("rollout_rollback")
    clicks.press("rollout_canary", button=old)
    assert "20 of 200 requests so far. After 1 hour, 20 requests are enough." in clicks.told[-1]
    card = str(clicks.card().blocks)
    assert "rollout_canary" not in card
    assert "After 1 hour, 20 requests are enough." in card
    rollout.clock.time += 3600.0
    clicks.press("rollout_canary")
    assert rollout.state == "canary"


def test_others_do_not_see_the_rollout(clicks):
    assert "rollout_" in json.dumps(clicks.card("UADA").blocks)
    assert "rollout_" not in json.dumps(clicks.card("UBOB").blocks)


def test_what_may_go_on_is_looked_at_again(clicks):
    clicks.rollout.accept_dataset()
    clicks.rollout.context.queue.jobs.clear()
    advance.enqueue_automatic(clicks.rollout.store, clicks.rollout.context.queue)
    assert list(clicks.rollout.context.queue.jobs) == [("advance", KEY)]


def test_a_worker_that_has_just_come_up_goes_on_with_what_a_dead_one_left(clicks):
    clicks.rollout.accept_dataset()
    clicks.rollout.context.queue.jobs.clear()
    stopped = threading.Event()
    stopped.set()
    serve(clicks.rollout.context, "redis://127.0.0.1:1", "compute", stopped)
    assert list(clicks.rollout.context.queue.jobs) == [("advance", KEY)]
