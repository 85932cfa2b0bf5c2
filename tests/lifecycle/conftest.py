"""What tests of the second half of the weekly loop share."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from router.candidate_evidence import CandidateEvidence
from router.catalog.catalog import read_route
from router.config import Settings
from router.errors import InputError
from router.lifecycle import SYSTEM
from router.lifecycle_evidence import EVIDENCE_BY_STATE
from router.store import Store, open_store
from router.store.versions.versions import StoredVersion
from router.types import Candidate, Decision, Feedback, Outcome, Request
from tests.lifecycle.drift_clicks import Clicks
from tests.lifecycle.drifting import Left, Weeks
from workers.context import Context
from workers.datasets.review import (
    accept_rest,
    draw_sample,
    from_records,
    record_verdict,
    to_records,
)
from workers.fakes import MemoryQueue, MemoryReplies
from workers.jobs import advance
from workers.llm.fakes import ScriptedModel
from workers.rollout import candidate as standing
from workers.runtime.leases import Leases
from workers.training.trainers import TrainedModel

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
        raise InputError("slots are no work for a head")

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "adapter.gguf").write_text(
        json.dumps(sorted(lesson.answer for lesson in lessons)), "utf-8"
    )

    return TrainedModel(folder, folder / "adapter.gguf", 3, 1.0, 1.0, [0.1], 1.0, 0.1, 10, "cpu")


class Road:
    """A workspace with a route, its requests and an approved candidate; as it was left where the folder has one."""

    killed = KilledError
    trainer = staticmethod(trainer)

    def __init__(self, folder) -> None:
        self.clock = MortalClock()
        place, known = folder / "routes" / "boxes", (folder / "beagle.db").exists()
        place.mkdir(parents=True, exist_ok=True)
        (place / "route.md").write_text(ROUTE, "utf-8")
        (place / "examples.jsonl").write_text("", "utf-8")
        self.store = open_store(f"sqlite:///{folder / 'beagle.db'}")
        self.live = read_route(place).version
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

        if not known:
            self._begin()

    def _begin(self) -> None:
        body = self.live.model_dump(mode="json")
        self.store.versions.insert(StoredVersion("boxes", self.live.id, "prompt", "shadow", body, 1.0))
        self.store.versions.go_live("boxes", self.live.id)
        keys = [self.ask(n, self.live.id) for n in range(64)]
        found = Candidate(
            "T1:c1", "T1", "boxes", "d", "digested", route="boxes", evidence=CandidateEvidence(requests=tuple(keys))
        )
        self.store.candidates.upsert(found, 1.0)
        self.take("approved", "UADA")

    def ask(self, n, version, corrected=False):
        key = f"q{version}{n}"
        text = f"name{n} wants {'a' * (n % 7)} thing{n} of kind{n}"
        self.store.requests.insert(
            Request(key, "T1", "C1", f"U{n % PEOPLE}", f"{key}.0", f"E{key}", text, 1000.0 + n), 1.0
        )
        self.store.decisions.insert_first(
            key, Decision("route", "boxes", 1.0, 1.0, 1.0, (), "r", version), 1.0
        )
        answer = Outcome("t", right(text), route="boxes", version=version, seconds=1.0)
        self.store.decisions.insert_outcome(key, 0, answer, self.clock.time + 1)

        if corrected:
            self.store.feedback.record(Feedback(key, "U1", "thumb", "down", 2.0))

        return key

    @property
    def state(self):
        return self.store.candidates.get("T1:c1").state

    def take(self, to, actor=SYSTEM, **evidence):
        one = self.store.candidates.get("T1:c1")
        at = self.clock.time
        self.store.candidates.advance(
            one.id, EVIDENCE_BY_STATE[to](**evidence), actor=actor, at=at, version=one.version
        )

    def go(self):
        """Run the step until it waits."""
        for _ in range(12):
            before = self.store.candidates.get("T1:c1")
            advance.run(self.context, "T1:c1", trainer)
            if self.store.candidates.get("T1:c1") == before:
                return

        raise AssertionError("it never waits")

    def review(self):
        stored = self.store.datasets.newest_for_candidate("T1:c1")
        rows = from_records(stored.rows)

        drawn = draw_sample(rows, 20, 0)
        for place in drawn:
            rows = record_verdict(rows, place, "accepted", "UADA")

        self.store.datasets.save_review(
            stored, to_records(accept_rest(rows, drawn, "UADA", 0.1)), stored.card
        )
        self.take("reviewed", "UADA", dataset=stored.id)

    def made(self):
        return standing.last_edge(self.context, self.store.candidates.get("T1:c1")).evidence.version

    def let_in(self):
        version = self.made()
        self.take("canary", "UADA", version=version, share=0.05, previous_version=self.live.id)
        return version

    def answers(self):
        return {self.store.versions.version_for_user("boxes", f"P{n}").id for n in range(120)}


def make_settings(folder):
    values = {
        "data": folder / "data",
        "routes": folder / "routes",
        "dataset_min_rows": 10,
        "canary_min_requests": 20,
    }
    return Settings(_env_file=None, **values)


@pytest.fixture(autouse=True)
def _weights(monkeypatch, tmp_path):
    """The trainer that stands in needs no base."""
    monkeypatch.setattr("workers.training.trainers.lora.find_weights", lambda _: tmp_path)


@pytest.fixture
def make_road():
    return Road


@pytest.fixture
def road(tmp_path):
    made = Road(tmp_path)
    yield made
    made.store.close()


@pytest.fixture(scope="session")
def left_live(tmp_path_factory):
    """A workspace whose version the road brought live: walked once, because every test of a drift begins there."""
    folder = tmp_path_factory.mktemp("live")
    base = folder / "base.gguf"
    base.write_bytes(b"the base")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("workers.training.trainers.lora.find_weights", lambda _: folder)
        patch.setattr("workers.drift.base_model.weights_file", lambda: base)
        weeks = Weeks(Road(folder))
        weeks.go_live()

    weeks.store.close()
    return Left(folder, weeks.clock.time, weeks.number)


@pytest.fixture
def weights(monkeypatch, tmp_path):
    """The base's file; a test may write another one."""
    path = tmp_path / "base.gguf"
    path.write_bytes(b"the base")
    monkeypatch.setattr("workers.drift.base_model.weights_file", lambda: path)

    return path


@pytest.fixture
def weeks(left_live, tmp_path, weights):
    """A version that is live, and the weeks that come."""
    taken = left_live.take_up(Road, tmp_path)
    yield taken
    taken.store.close()


@pytest.fixture
def drifted(weeks):
    """A version that drifts because people ask for other things, and an admin before its card."""
    weeks.next_week()
    weeks.other()
    weeks.watch()
    made = Clicks(weeks)
    made.keeper.post_pending()

    return made


@pytest.fixture(scope="module")
def walked_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, Iterator[int]]]:
    """One store for many random walks, and a number for each."""
    folder: Path = tmp_path_factory.mktemp("walks")
    opened = open_store(f"sqlite:///{folder / 'beagle.db'}")
    yield opened, itertools.count()
    opened.close()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The default settings with a data folder of the test's own."""
    return Settings(_env_file=None, data=tmp_path / "data", admins=("UADA",))  # type: ignore[call-arg]  # pydantic's own
