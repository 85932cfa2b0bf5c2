"""An approved candidate walks to a live version and back, whatever is killed on the way."""

from __future__ import annotations

import dataclasses
import json
import random

import pytest

from router.catalog import read_route
from router.errors import SettingsError
from router.lifecycle import SYSTEM
from router.store import open_store
from router.store.trials import Trial
from router.store.versions import Stored
from router.types import Candidate, Decision, Feedback, Outcome
from workers import advance
from workers.context import Context
from workers.dataset_review import accept_rest, as_rows, decide, of_rows, sample
from workers.leases import Leases
from workers.memory import MemoryQueue, MemoryReplies
from workers.stand_ins import ScriptedModel
from workers.trainers import Trained

ROUTE = """---
name: boxes
description: Say which box.
utterances: [which box]
output: {type: object, properties: {box: {enum: [left, right]}, who: {type: string}}}
---
POOR
"""
PEOPLE = 8


class Reader:
    """Knows the answers with the adapter only."""

    def complete(self, call, on_text=None):
        said = call.messages[-1]["content"]
        data = {"box": "left", "who": "nobody"}
        if call.adapter is not None:
            data = right(said)
        return ScriptedModel([json.dumps(data)]).complete(call, on_text)


class KilledError(BaseException):
    """The process ended here."""


class MortalClock:
    """Time that stands still, and the end of the process after so many looks at it."""

    def __init__(self) -> None:
        self.time, self.looks = 1_800_000_000.0, None

    def __call__(self) -> float:
        if self.looks is not None:
            self.looks -= 1
            if self.looks < 0:
                raise KilledError
        return self.time


def right(text):
    return {"box": "left" if len(text) % 2 else "right", "who": text.split()[0]}


def trainer(name, lessons, base, folder, options, on_progress):
    """Stands in for hours: a head refuses slots, an adapter is a file that names what it saw."""
    if name == "head":
        raise SettingsError("slots are no work for a head")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "adapter.gguf").write_text(json.dumps(sorted(lesson.answer for lesson in lessons)), "utf-8")
    return Trained(folder, folder / "adapter.gguf", 3, 1.0, 1.0, [0.1], 1.0, 0.1, 10, "cpu")


class Road:
    """A workspace with a route, its requests and an approved candidate."""

    def __init__(self, folder) -> None:
        self.clock = MortalClock()
        place = folder / "routes" / "boxes"
        place.mkdir(parents=True)
        (place / "route.md").write_text(ROUTE, "utf-8")
        (place / "examples.jsonl").write_text("", "utf-8")
        self.store = open_store(f"sqlite:///{folder / 'beagle.db'}")
        self.live = read_route(place).version
        body = self.live.model_dump(mode="json")
        self.store.versions.insert(Stored("boxes", self.live.id, "prompt", "shadow", body, 1.0))
        self.store.versions.go_live("boxes", self.live.id)
        self.context = Context(
            settings=make_settings(folder),
            store=self.store,
            queue=MemoryQueue({"advance": "compute"}),
            model=Reader(),
            replies=MemoryReplies(),
            leases=Leases(self.store.requests, "me", self.clock, 20.0),
            now=self.clock,
            random=lambda: 0.0,
        )
        keys = [self.ask(n, self.live.id) for n in range(64)]
        found = Candidate("T1:c1", "T1", "boxes", "d", "digested", route="boxes", evidence={"requests": keys})
        self.store.candidates.put(found, 1.0)
        self.take("approved", "UADA")

    def ask(self, n, version, corrected=False):
        from router.types import Request

        key = f"q{version}{n}"
        text = f"name{n} wants {'a' * (n % 7)} thing{n} of kind{n}"
        self.store.requests.remember(
            Request(key, "T1", "C1", f"U{n % PEOPLE}", f"{key}.0", f"E{key}", text, 1000.0 + n), 1.0
        )
        self.store.decisions.decide(key, Decision("route", "boxes", 1.0, 1.0, 1.0, (), "r", version), 1.0)
        answer = Outcome("t", right(text), route="boxes", version=version, seconds=1.0)
        self.store.decisions.keep(key, 0, answer, self.clock.time + 1)
        if corrected:
            self.store.feedback.say(Feedback(key, "U1", "thumb", "down", 2.0))
        return key

    @property
    def state(self):
        return self.store.candidates.get("T1:c1").state

    def take(self, to, actor=SYSTEM, **evidence):
        one = self.store.candidates.get("T1:c1")
        at = self.clock.time
        self.store.candidates.advance(one.id, to, actor=actor, at=at, evidence=evidence, version=one.version)
        advance.settle(self.context, self.store.candidates.get("T1:c1"))

    def go(self):
        """Run the step until it waits."""
        for _ in range(12):
            before = self.store.candidates.get("T1:c1")
            advance.run(self.context, "T1:c1", trainer)
            if self.store.candidates.get("T1:c1") == before:
                return
        raise AssertionError("it never waits")

    def review(self):
        stored = self.store.datasets.of("T1:c1")
        rows = of_rows(stored.rows)
        drawn = sample(rows, 20, 0)
        for place in drawn:
            rows = decide(rows, place, "accepted", "UADA")
        self.store.datasets.review(stored, as_rows(accept_rest(rows, drawn, "UADA", 0.1)), stored.card)
        self.take("reviewed", "UADA", dataset=stored.id)

    def made(self):
        return advance.newest(self.context, self.store.candidates.get("T1:c1")).evidence["version"]

    def let_in(self):
        version = self.made()
        self.take("canary", "UADA", version=version, share=0.05, before=self.live.id)
        return version

    def answers(self):
        return {self.store.versions.answering("boxes", f"P{n}").id for n in range(120)}


def make_settings(folder):
    from router.config import Settings

    values = {"data": folder / "data", "routes": folder / "routes", "dataset_rows": 10, "canary_calls": 20}
    return Settings(_env_file=None, **values)


@pytest.fixture(autouse=True)
def _weights(monkeypatch, tmp_path):
    """The trainer that stands in needs no base."""
    monkeypatch.setattr("workers.tune.find_weights", lambda _: tmp_path)


@pytest.fixture
def road(tmp_path):
    made = Road(tmp_path)
    yield made
    made.store.close()


def test_a_candidate_waits_for_a_review_and_nothing_unreviewed_is_learnt(road):
    road.go()
    assert road.state == "dataset"
    assert not (road.context.settings.data / "training").exists()
    assert road.answers() == {road.live.id}


def test_after_the_review_it_is_trained_proved_and_tried_where_nobody_sees_it(road):
    road.go()
    road.review()
    road.go()
    assert road.state == "shadow"
    report = road.store.datasets.report("boxes", road.made())
    assert report.body["passed"]
    assert report.body["figures"]["new"]["accuracy"] == 1.0
    assert report.body["kinds"]["new"] == "tuned"
    assert road.answers() == {road.live.id}


def test_it_is_let_in_step_by_step_until_it_is_live(road):
    road.go()
    road.review()
    road.go()
    version = road.let_in()
    assert road.answers() == {road.live.id, version}
    shares = []
    for step in range(4):
        road.go()
        stored = road.store.versions.get("boxes", version)
        shares.append((road.state, stored.share))
        for n in range(20):
            road.ask(100 * (step + 1) + n, version)
        road.clock.time += 2.0
    assert shares == [("canary", 0.05), ("canary", 0.25), ("canary", 1.0), ("live", 1.0)]
    assert road.answers() == {version}


def test_a_version_that_is_corrected_more_is_taken_back_by_itself(road):
    road.go()
    road.review()
    road.go()
    version = road.let_in()
    for n in range(20):
        road.ask(100 + n, version, corrected=n < 4)
    road.go()
    assert road.state == "rolled_back"
    assert "corrected" in advance.newest(road.context, road.store.candidates.get("T1:c1")).evidence["why"]
    assert road.answers() == {road.live.id}


def test_a_version_that_breaks_its_shape_in_shadow_is_taken_back(road):
    road.context = dataclasses.replace(
        road.context, settings=road.context.settings.model_copy(update={"shadow_calls": 10})
    )
    road.go()
    road.review()
    road.go()
    version = road.made()
    for n in range(10):
        road.store.trials.keep(Trial(f"q{road.live.id}{n}", version, "boxes", 0.0, n > 1, 0.0, 1.0, 1.0))
    road.go()
    assert road.state == "rolled_back"


def test_too_few_people_make_no_dataset(road):
    road.context = dataclasses.replace(
        road.context, settings=road.context.settings.model_copy(update={"mine_people": 9})
    )
    road.go()
    assert road.state == "optimised"
    assert road.store.datasets.of("T1:c1") is None


@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.chaos) for seed in range(2, 25))])
def test_killed_anywhere_it_goes_on_and_no_half_promoted_version_answers(tmp_path, seed):
    """Four kills in each run: a hundred in all."""
    road = Road(tmp_path)
    chance = random.Random(seed)
    kills, version = 0, None
    for _ in range(60):
        road.clock.looks = chance.randrange(6) if kills < 4 else None
        try:
            advance.run(road.context, "T1:c1", trainer)
        except KilledError:
            kills += 1
        road.clock.looks = None
        answering = road.answers()
        if version is None:
            assert answering == {road.live.id}
        else:
            assert answering <= {road.live.id, version}
        if road.state == "dataset":
            road.review()
        elif road.state == "shadow":
            version = road.let_in()
        elif road.state == "canary":
            for n in range(20):
                road.ask(10_000 + 100 * _ + n, version)
            road.clock.time += 2.0
        elif road.state == "live":
            advance.run(road.context, "T1:c1", trainer)
            break
    assert road.state == "live"
    assert kills == 4
    assert road.answers() == {version}
    road.store.close()
