"""A simulated installation: requests are asked and judged, and production's own job advises."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from evals.weekly.advice_world.behaviour import Behaviour, LoopbackModels
from evals.weekly.advice_world.truths import LARGE, LIVE_MODEL, MIDDLE, SMALL
from evals.weekly.advice_world.word_encoder import WordEncoder
from router.catalog.catalog import read_route
from router.catalog.version import Version
from router.config import Settings
from router.encoder.lazy import LazyEncoder
from router.index import WORKSPACE_ACL
from router.store import Store
from router.store.requests.history import ServedRequest
from router.store.versions.versions import StoredVersion
from router.types import Candidate, Decision, Feedback, Outcome, Request, Tokens
from workers.context import Context
from workers.fakes import MemoryDirectory, MemoryQueue, MemoryReplies
from workers.jobs import digest
from workers.knowledge.ingest import DocumentOrigin, ingest_folder
from workers.llm.call_recording import delete_old_recordings
from workers.llm.pricing import Price
from workers.runtime.job_key import job_key
from workers.runtime.leases import Leases

WEEK = 7 * 86_400.0
PEOPLE = 15
JUDGED_SHARE = 0.85
"""Share of answers that somebody gives a thumb."""
SPLITS = ("train",) * 9 + ("dev",) * 4 + ("test",) * 7
LABELLED = 200
"""Examples in the route's file."""
PRICES = {
    LARGE: Price(2.5e-6, 2.5e-6, 10e-6),
    MIDDLE: Price(1e-6, 1e-6, 4e-6),
    SMALL: Price(0.1e-6, 0.1e-6, 0.4e-6),
}
PRICE_DATE = "2026-11-01"
START = 1_800_000_000.0
"""Unix seconds of the simulation's first day."""


def price_entries() -> tuple[str, ...]:
    """Returns the prices as an operator writes them into `BEAGLE_MODEL_PRICES`."""
    entries = []
    for name, price in PRICES.items():
        million = f"{price.input_usd * 1e6:g}/{price.output_usd * 1e6:g}"
        entries.append(f"{name}={million}@{PRICE_DATE}")

    return tuple(entries)


@dataclass(frozen=True, slots=True)
class Asked:
    """A message with the answer that it got, at a time in unix seconds."""

    text: str
    user: str
    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Quirks:
    """What makes a workspace untidy; shares are in 0-1.

    `shapeless_share` of the answers have no structure, `rerouted_share` of the requests are sent to
    another route. `standing` messages are asked again each week, and `flipped_share` of their
    answers differ from the week before. The route's prompt has so many `rules`.
    """

    shapeless_share: float = 0.0
    rerouted_share: float = 0.0
    standing: int = 0
    flipped_share: float = 0.0
    rules: int = 0


@dataclass
class SimulatedWorkspace:
    """One workspace with one route; `now` moves when weeks pass."""

    team: str
    folder: Path
    store: Store
    behaviour: Behaviour
    settings: dict[str, object] = field(default_factory=dict)
    now: float = START
    requests_a_week: int = 220
    quirks: Quirks = Quirks()

    def __post_init__(self) -> None:
        self.models = LoopbackModels(LIVE_MODEL, PRICES, {self.team: self.behaviour})
        self.context = self._make_context()
        self._number = 0
        self.write_route()
        if self.behaviour.has_documents:
            self.add_documents()

    def write_route(self) -> Version:
        """Writes the route's folder for the present behaviour and makes its version live."""
        path = self.folder / "routes" / self.route
        path.mkdir(parents=True, exist_ok=True)
        (path / "route.md").write_text(self._route_text(), "utf-8")
        lines = [json.dumps(row) + "\n" for row in self._labelled_rows()]
        (path / "examples.jsonl").write_text("".join(lines), "utf-8")

        version = read_route(path).version
        body = version.model_dump(mode="json")
        self.store.versions.insert(
            StoredVersion("", self.route, version.id, "prompt", "shadow", body, self.now)
        )
        self.store.versions.go_live("", self.route, version.id)
        self.version = version

        return version

    @property
    def route(self) -> str:
        """The route's name."""
        return f"sort-{self.team.lower()}"

    def change(self, behaviour: Behaviour) -> None:
        """Lets models behave differently from now on, as providers do without a notice."""
        self.behaviour = behaviour
        self.models.behaviours[self.team] = behaviour

    def add_documents(self) -> None:
        """Adds documents that everybody may read, with the facts of the task."""
        folder = self.folder / "documents"
        folder.mkdir(exist_ok=True)
        for place in self.behaviour.task.places:
            text = f"# {place}\n\n{self.behaviour.task.fact(place)}"
            (folder / f"{place}.md").write_text(text, "utf-8")

        origin = DocumentOrigin(self.team, "facts", acl=WORKSPACE_ACL)
        ingest_folder(self.store.documents, folder, origin)

    def live_weeks(self, count: int = 4, *, digests: bool = True) -> Candidate:
        """Lets people ask for some weeks; each ends with the weekly job, or only the last one."""
        for week in range(count):
            self.store.request_history.insert(list(self._ask_for_a_week()))
            self.now += WEEK
            # Housekeeping does this each night.
            delete_old_recordings(self.context.settings.data)
            if digests or week == count - 1:
                digest.run(self.context, job_key(self.team, f"week-{self.now:.0f}"))

        return self.candidate()

    def candidate(self) -> Candidate:
        """Returns the candidate that the weekly job made of the requests."""
        candidates = self.store.candidates.for_team(self.team)
        return next(one for one in candidates if one.route == self.route)

    def _make_context(self) -> Context:
        values: dict[str, object] = {
            "data": self.folder / "data",
            "routes": self.folder / "routes",
            "model": LIVE_MODEL,
            "trial_models": (SMALL, MIDDLE, LARGE),
            "model_prices": price_entries(),
            **self.settings,
        }
        settings = Settings(_env_file=None, **values)  # type: ignore[arg-type]  # checked there
        encoder = WordEncoder()
        return Context(
            settings=settings,
            store=self.store,
            queue=MemoryQueue({"digest": "compute"}),
            model=self.models,
            replies=MemoryReplies(),
            leases=Leases(self.store.requests, "advice", lambda: self.now, 20.0),
            now=lambda: self.now,
            random=lambda: 0.5,
            index=self.store.documents,
            encoder=LazyEncoder(lambda: encoder),
            directory=MemoryDirectory(is_public=True),
        )

    def _route_text(self) -> str:
        labels = ", ".join(self.behaviour.task.labels)
        padding = " ".join(["word"] * max(0, self.behaviour.prompt_words - 12))
        rules = "".join(
            f"- Never take rule {number} lightly.\n" for number in range(self.quirks.rules)
        )
        return (
            f"---\nname: {self.route}\ndescription: Say which team a request belongs to.\n"
            "utterances: [which team is it]\n"
            f"output: {{type: object, properties: {{label: {{enum: [{labels}]}}}}}}\n---\n"
            f"Say which team the request belongs to. {padding}\n{rules}"
        )

    def _labelled_rows(self) -> Iterator[dict[str, object]]:
        task = self.behaviour.task
        rng = random.Random(f"file {task.seed}")  # noqa: S311  # a simulation
        for number in range(LABELLED):
            text = task.message(rng)
            yield {
                "text": text,
                "answer": {"label": task.answer(text)},
                "split": SPLITS[number % len(SPLITS)],
            }

    def _ask_for_a_week(self) -> Iterator[ServedRequest]:
        task = self.behaviour.task
        rng = random.Random(f"{self.team} {self.now}")  # noqa: S311  # a simulation
        same_each_week = random.Random(f"standing {task.seed}")  # noqa: S311  # a simulation
        standing = [task.message(same_each_week) for _ in range(self.quirks.standing)]
        for number in range(self.requests_a_week):
            self._number += 1
            at = self.now + WEEK * (number + 0.5) / self.requests_a_week
            text = standing[number] if number < len(standing) else task.message(rng)
            label = self.behaviour.answer(text, LIVE_MODEL)
            if number < len(standing) and rng.random() < self.quirks.flipped_share:
                label = rng.choice(task.labels)

            yield self._served(Asked(text, f"U{rng.randrange(PEOPLE):03}", at, label), rng)

    def _served(self, asked: Asked, rng: random.Random) -> ServedRequest:
        key = f"{self.team}-{self._number:06}"
        at = asked.at
        ids = (key, self.team, "C1", asked.user, f"{at:.6f}", f"E{key}")
        request = Request(*ids, asked.text, at, state="answered")
        decision = Decision("route", self.route, 0.95, 0.5, 0.95, (), "simulated", self.version.id)
        tokens = Tokens(system=self.behaviour.prompt_words * 5 // 4, query=20, output=6)
        has_shape = rng.random() >= self.quirks.shapeless_share
        outcome = Outcome(
            asked.label,
            {"label": asked.label} if has_shape else None,
            tokens=tokens,
            usd=PRICES[LIVE_MODEL].cost(tokens, 0.5),
            seconds=0.5,
            model=LIVE_MODEL,
            route=self.route,
            kind="prompt",
            version=self.version.id,
        )

        feedback = []
        if rng.random() < self.quirks.rerouted_share:
            feedback.append(Feedback(key, asked.user, "route", "elsewhere", at + 60.0))
        elif rng.random() < JUDGED_SHARE:
            right = asked.label == self.behaviour.task.answer(asked.text)
            thumb = "up" if right else "down"
            feedback.append(Feedback(key, asked.user, "thumb", thumb, at + 60.0))

        return ServedRequest(request, decision, outcome, at + 0.1, at + 0.6, feedback)
