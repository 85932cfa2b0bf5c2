"""A version that the road brought live, and weeks in which anything may happen to it."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

from router.encoder.lazy import LazyEncoder
from router.types import Decision, Feedback, Outcome, Request
from tests.mining.conftest import WordEncoder
from workers.jobs import drift
from workers.runtime.job_key import job_key
from workers.runtime.weekly_schedule import due_week

WEEK = 7 * 86_400.0
KEY = "T1:c1"
PLACES = ("desk", "shelf", "door", "window")
ELSEWHERE = ("refund", "invoice", "payment", "tax", "salary", "budget")


class Words:
    """The word encoder of the mining tests in the shape of an encoder."""

    model_id, dim = "words", 256

    def __init__(self) -> None:
        self.encode = WordEncoder()


class Weeks:
    """Lets weeks go by for a version that is live."""

    def __init__(self, road, number=0) -> None:
        self.road, self.per_week, self.number, self.ends = road, 80, number, {}
        self.road.context = dataclasses.replace(road.context, encoder=LazyEncoder(Words))
        self.store, self.clock = road.store, road.clock

    def go_live(self):
        """Take the road to live."""
        road = self.road
        self.ordinary(road.live.id)
        road.go()
        road.review()
        road.go()
        version = road.let_in()

        for step in range(4):
            for n in range(20):
                road.ask(1000 * (step + 1) + n, version)

            self.clock.time += 2.0
            road.go()

        assert road.state == "live"

    @property
    def version(self):
        """The one that the road brought live."""
        return next(
            e.evidence.version for e in self.store.candidates.history(KEY) if e.after == "live"
        )

    @property
    def context(self):
        return self.road.context

    @property
    def candidate(self):
        return self.store.candidates.get(KEY)

    def ask(self, text, version=None, user="U1", corrected=False):
        self.number += 1
        key, at = f"w{self.number}", self.clock.time - 1.0
        request = Request(key, "T1", "C1", user, f"{key}.0", f"E{key}", text, at)
        self.store.requests.insert(request, at)
        answering = version or self.store.versions.live("boxes").id
        self.store.decisions.insert_first(
            key, Decision("route", "boxes", 1.0, 1.0, 1.0, (), "r", answering), at
        )
        data = {"box": "left", "who": text.split()[0]}
        self.store.decisions.insert_outcome(
            key, 0, Outcome("t", data, route="boxes", version=answering, seconds=1.0), at
        )

        if corrected:
            self.store.feedback.record(Feedback(key, "U1", "thumb", "down", at))

    def ordinary(self, version=None, corrected=0, user=None):
        for n in range(self.per_week):
            place, thing = PLACES[n % 4], PLACES[(n * 7 + self.number) % 4]
            text = f"name{n % 9} wants the {place} near the {thing} number {(n * n) % 11}"
            self.ask(text, version, user or f"U{n % 8}", corrected=n < corrected)

    def other(self, user=None):
        for n in range(self.per_week):
            topic, thing = ELSEWHERE[n % 6], ELSEWHERE[(n * 5) % 6]
            self.ask(
                f"why does my {topic} for last month miss every {thing}", user=user or f"U{n % 8}"
            )

    def next_week(self):
        """A week later; returns its name."""
        self.clock.time += WEEK
        return due_week(self.context.settings, self.clock.time)[0]

    def watch(self, week=None):
        """The step for the present week; returns the candidate's record."""
        week = week or due_week(self.context.settings, self.clock.time)[0]
        drift.run(self.context, job_key("T1", week), self.ends.get)
        return self.store.drift_checks.newest(KEY)

    def kinds(self, seen=None):
        seen = seen or self.store.drift_checks.newest(KEY)
        return [alarm["kind"] for alarm in seen.body["alarms"]]

    def edges(self):
        return [
            (edge.before, edge.after, edge.actor) for edge in self.store.candidates.history(KEY)
        ]

    def everything(self):
        """All that the watch has kept, as text."""
        return json.dumps([dict(row.body) for row in self.store.drift_checks.for_candidate(KEY)])


@dataclasses.dataclass(frozen=True)
class Left:
    """A workspace on disk as a test may take it up: its folder, the time it was left at, requests so far."""

    folder: Path
    time: float
    number: int

    def take_up(self, road_of, folder):
        """The weeks go on in `folder`, a copy."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        weeks = Weeks(road_of(folder), self.number)
        weeks.clock.time = self.time

        return weeks
