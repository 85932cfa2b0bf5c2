"""An admin takes a candidate from its dataset to everybody by clicks alone; nobody else can."""

from __future__ import annotations

import dataclasses
import json
import threading
from collections import Counter

import pytest

from bot.admins import Admins
from bot.commands import Asked, load
from bot.weekly import rollout_actions as promotion
from bot.weekly.rollout_actions import Promotion
from router.store import open_store
from router.store.versions.trials import Trial
from workers.jobs import advance
from workers.worker import serve

KEY = "T1:c1"


class Clicks:
    """Presses the buttons that a person sees."""

    def __init__(self, road) -> None:
        self.road, self.told, self.views, self.acks = road, [], [], []
        settings = road.context.settings.model_copy(update={"admins": ("UADA",), "shadow_calls": 5})
        self.settings = settings
        self.admins = Admins(settings, road.store.audit, road.clock)
        self.parts = Promotion(settings, road.store, road.context.queue, self.admins)

    def body(self, user):
        return {"team": {"id": "T1"}, "user": {"id": user}, "trigger_id": "t"}

    def card(self, user="UADA"):
        return load("road").run(self.asked(user))

    def asked(self, user="UADA"):
        return Asked(
            (), "T1", user, "C1", self.settings, self.road.store, None, self.road.clock, self.admins
        )

    def button(self, name):
        blocks = [block for block in self.card().blocks if block["type"] == "actions"]
        return next(e for block in blocks for e in block["elements"] if e["action_id"] == name)

    def press(self, name, user="UADA", button=None):
        action, respond = button or self.button(name), lambda **said: self.told.append(said["text"])
        act = {
            "road_accept": self.parts.accept,
            "road_canary": self.parts.let_in,
            "road_back": self.parts.take_back,
        }

        if name == "road_review":
            self.parts.ask(self.ack, action, self.body(user), respond, self)
        else:
            act[name](self.ack, action, self.body(user), respond)

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
        self.parts.review(self.ack, self.body("UADA"), view | {"state": {"values": state}})

    def review_all(self):
        for _ in range(20):
            self.told.clear()
            self.press("road_review")
            if self.told:
                return

            self.fill()


@pytest.fixture
def clicks(road):
    road.go()
    return Clicks(road)


def test_from_the_dataset_to_live_and_back_by_clicks_alone(clicks):
    road = clicks.road
    clicks.press("road_accept")
    assert "20 rows of the sample wait" in clicks.told[-1]
    clicks.review_all()
    clicks.press("road_accept")
    assert clicks.told[-1] == promotion.TRAINING
    road.go()
    assert road.state == "shadow"
    clicks.press("road_canary")
    assert "0 times; 5 are needed first" in clicks.told[-1]
    version = road.made()

    for n in range(5):
        road.store.trials.keep(
            Trial(f"q{road.live.id}{n}", version, "boxes", 1.0, True, 0.0, 1.0, 1.0)
        )

    assert "5 of 5 requests in shadow" in json.dumps(clicks.card().blocks)
    clicks.press("road_canary")
    assert clicks.told[-1] == promotion.LET_IN
    assert road.answers() == {road.live.id, version}
    clicks.press("road_back")
    assert road.answers() == {road.live.id}
    road.go()
    assert (road.state, road.answers()) == ("rolled_back", {road.live.id})


def test_the_report_is_a_click_away_once_there_is_one(clicks):
    road = clicks.road
    assert "road_report" not in json.dumps(clicks.card().blocks)
    road.review()
    road.go()
    shown = []
    clicks.parts.report(
        clicks.ack,
        clicks.button("road_report"),
        clicks.body("UADA"),
        lambda **said: shown.append(said),
    )

    assert "Passed on" in shown[-1]["text"]
    assert {"data_visualization", "data_table"} <= {block["type"] for block in shown[-1]["blocks"]}
    asked = dataclasses.replace(clicks.asked(), words=("boxes",))
    assert load("report").run(asked).blocks == shown[-1]["blocks"]
    assert "road" not in json.dumps(
        load("report").run(dataclasses.replace(asked, user="UBOB")).blocks
    )


def test_nobody_else_can_press_and_an_old_button_is_late(clicks):
    old = clicks.button("road_accept")
    clicks.press("road_accept", user="UBOB", button=old)
    assert "admin" in clicks.told[-1].lower()
    clicks.review_all()
    clicks.press("road_accept")
    clicks.press("road_accept", button=old)
    assert clicks.told[-1] == promotion.texts.CANDIDATE_CHANGED
    assert clicks.road.state == "reviewed"


def test_a_wrong_answer_is_fixed_and_one_that_breaks_the_shape_is_told_beside_its_row(clicks):
    clicks.press("road_review")
    place = json.loads(clicks.views[-1]["private_metadata"])["places"][0]
    clicks.fill(**{f"answer{place}": '{"box": "middle"}'})
    assert f"answer{place}" in clicks.acks[-1]["errors"]
    clicks.fill(**{f"answer{place}": '{"box": "left", "who": "ann"}'})
    row = clicks.road.store.datasets.of(KEY).rows[place]
    assert (row["review"], row["answer"], row["by"]) == (
        "fixed",
        {"box": "left", "who": "ann"},
        "UADA",
    )


@pytest.mark.parametrize("name", ["road_accept", "road_canary", "road_back"])
def test_ten_clicks_at_once_count_once_and_each_leaves_a_row(clicks, name):
    road = clicks.road
    clicks.review_all()

    if name != "road_accept":
        clicks.press("road_accept")
        road.go()

        for n in range(5):
            road.store.trials.keep(
                Trial(f"q{road.live.id}{n}", road.made(), "boxes", 1.0, True, 0.0, 1.0, 1.0)
            )

    before, button = len(road.store.candidates.history(KEY)), clicks.button(name)

    threads = [
        threading.Thread(target=clicks.press, args=(name, "UADA", button)) for _ in range(10)
    ]
    for thread in threads:
        thread.start()

    for thread in threads:
        thread.join()

    assert len(road.store.candidates.history(KEY)) == before + 1
    acts = road.store.audit.of("T1", KEY)
    assert Counter(act.outcome for act in acts)["late"] == 9
    assert sum(act.outcome == "applied" and act.action != "road_review" for act in acts) == len(
        [
            edge
            for edge in road.store.candidates.history(KEY)
            if edge.actor == "UADA" and edge.after != "approved"
        ]
    )


def test_one_click_reaches_every_worker_and_what_waits_in_the_queue(clicks):
    road = clicks.road
    clicks.review_all()
    clicks.press("road_accept")
    road.go()
    version = road.let_in()
    others = [open_store(str(road.store.engine.url)) for _ in range(2)]
    workers = [dataclasses.replace(road.context, store=store) for store in others]
    # Decided for the new version before the click, and still in a queue.
    assert {worker.version("boxes", version).id for worker in workers} == {version}
    clicks.press("road_back")
    assert {worker.version("boxes", version).id for worker in workers} == {road.live.id}
    assert {
        store.versions.answering("boxes", f"P{n}").id for store in others for n in range(120)
    } == {road.live.id}

    for store in others:
        store.close()


def test_after_the_set_time_fewer_requests_will_do(clicks):
    road = clicks.road
    clicks.review_all()
    clicks.press("road_accept")
    road.go()
    clicks.parts = Promotion(
        clicks.settings.model_copy(update={"shadow_calls": 200, "shadow_hours": 1.0}),
        road.store,
        road.context.queue,
        clicks.admins,
    )

    for n in range(20):
        road.store.trials.keep(
            Trial(f"q{road.live.id}{n}", road.made(), "boxes", 1.0, True, 0.0, 1.0, 1.0)
        )

    clicks.press("road_canary")
    assert "20 times; 200 are needed first, or 20 and 1 hours" in clicks.told[-1]
    road.clock.time += 3600.0
    clicks.press("road_canary")
    assert road.state == "canary"


def test_others_do_not_see_the_road(clicks):
    assert "road_" in json.dumps(clicks.card("UADA").blocks)
    assert "road_" not in json.dumps(clicks.card("UBOB").blocks)


def test_what_may_go_on_is_looked_at_again(clicks):
    clicks.road.review()
    clicks.road.context.queue.jobs.clear()
    advance.wake_all(clicks.road.store, clicks.road.context.queue)
    assert list(clicks.road.context.queue.jobs) == [("advance", KEY)]


def test_a_worker_that_has_just_come_up_goes_on_with_what_a_dead_one_left(clicks):
    clicks.road.review()
    clicks.road.context.queue.jobs.clear()
    stopped = threading.Event()
    stopped.set()
    serve(clicks.road.context, "redis://127.0.0.1:1", "compute", stopped)
    assert list(clicks.road.context.queue.jobs) == [("advance", KEY)]
