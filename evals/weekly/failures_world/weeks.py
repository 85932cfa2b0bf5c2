"""Weeks of a simulated workspace, written into a store as production writes them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from evals.weekly.advice_world.word_encoder import WordEncoder
from evals.weekly.failures_world.causes import (
    DOCUMENTS,
    FORM,
    LARGE,
    OTHER,
    PROMPT,
    SMALL,
    Person,
    Served,
    Topic,
    serve_badly,
    serve_by_chance,
    serve_well,
)
from router.catalog.version import PromptStep, RetrieveStep, Version
from router.config import Settings
from router.encoder.lazy import LazyEncoder
from router.index import WORKSPACE_ACL, Chunk, Document
from router.store import Store
from router.store.requests.history import ServedRequest
from router.store.versions.versions import StoredVersion
from router.store.weekly.failure_groups import Cause
from router.types import Citation, Decision, Feedback, Outcome, Request
from workers.context import Context
from workers.fakes import MemoryDirectory, MemoryQueue, MemoryReplies
from workers.llm.fakes import ScriptedModel
from workers.mining.trend import WEEK
from workers.runtime.leases import Leases

START = 1_800_000_000.0
CAUSES: Sequence[Cause] = ("router", "prompt", "retrieval", "model", "training")
GAPS = ("missing", "stale", "not_found")
PEOPLE = 40
TOPIC_WORDS, COMMON_WORDS = 4, 400
CHANCE_FAILURES = 0.04
"""The share of other requests that fail by chance."""
KEPT_WORDS = 0.85
"""The share of messages that have each word of their topic."""
ROUTE_OF: dict[str, str] = {
    "router": PROMPT,
    "prompt": PROMPT,
    "retrieval": DOCUMENTS,
    "model": PROMPT,
    "training": FORM,
}
SYLLABLES = ("ba", "ce", "di", "fo", "gu", "ha", "je", "ki", "lo", "mu", "na", "pe", "ro", "su")
DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class WeekPlan:
    """How much is asked in a week: failures of each cause, good requests of each topic."""

    failures: int = 12
    good: int = 30
    healthy_topics: int = 6


@dataclass
class FailingWorkspace:
    """One workspace with one topic for each cause; `live_week` adds a week of requests."""

    team: str
    store: Store
    folder: Path
    seed: int
    plan: WeekPlan = WeekPlan()
    now: float = START
    seeded: dict[str, Topic] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rng = random.Random(f"failures {self.seed}")  # noqa: S311  # a simulation
        self.people = Person(self.rng)
        self.encoder = WordEncoder()
        self._number = 0
        self._words = _made_up_words(self.rng, COMMON_WORDS + 40 * TOPIC_WORDS)
        self.topics = self._make_topics()
        self._write_routes()
        self._write_documents()
        self.context = self._make_context()

    def live_week(self) -> None:
        """Adds a week of requests; failures of each cause and by chance among good ones."""
        served: list[ServedRequest] = []
        for topic in self.topics:
            for _ in range(self.plan.failures if topic.cause else 0):
                served += self._ask(topic, serve_badly(topic, self.people), seeded=True)

            for _ in range(self.plan.good):
                how = serve_well(topic, self.people)
                if self.people.is_so(CHANCE_FAILURES):
                    how = serve_by_chance(topic, self.people)
                served += self._ask(topic, how)

        self.store.request_history.insert(served)
        for record in served:
            if record.outcome.error == "stopped":
                self.store.cancellations.cancel_thread(
                    (self.team, record.request.channel, record.request.thread),
                    record.request.user,
                    record.answered_at,
                )

        self.now += WEEK

    def _ask(self, topic: Topic, how: Served, *, seeded: bool = False) -> list[ServedRequest]:
        """Returns the request, and its repetition where the person asks again."""
        at = self.now + self.rng.random() * (WEEK - 3 * DAY) + DAY
        user = f"U{self.rng.randrange(PEOPLE)}"
        text = self._message(topic)
        first = self._served(topic, how, text, user, at)
        if seeded:
            self.seeded[first.request.id] = topic
        if not how.again:
            return [first]

        # The second time it goes well, or they give up.
        better = serve_well(topic, self.people)
        return [first, self._served(topic, better, text, user, at + 240)]

    def _served(self, topic: Topic, how: Served, text: str, user: str, at: float) -> ServedRequest:
        self._number += 1
        key = f"{self.team}-r{self._number}"
        request = Request(
            id=key,
            team=self.team,
            channel="C1",
            user=user,
            ts=f"{at:.6f}",
            event_id=f"Ev{key}",
            text=text,
            received_at=at,
            channel_kind="public",
        )
        verb = "route" if how.route else "out_of_scope"
        decision = Decision(verb, how.route, 0.8, 0.2, 0.8, (), "router")  # type: ignore[arg-type]
        return ServedRequest(
            request=request,
            decision=decision,
            outcome=self._outcome(topic, how),
            decided_at=at,
            answered_at=at + 3,
            feedback=_feedback(key, user, how, at + 20),
            vector=(self.encoder.model_id, self.encoder.encode([text])[0].tobytes()),
        )

    def _outcome(self, topic: Topic, how: Served) -> Outcome:
        kind = {DOCUMENTS: "rag", None: ""}.get(how.route, "prompt")
        model = how.model
        # A topic with a small model that fails is served by the large one as well.
        if topic.cause == "model" and how.error is None and model == LARGE:
            model = SMALL if how.thumb == "" and self.people.is_so(0.1) else LARGE

        return Outcome(
            text="an answer",
            data={"answered": how.answered} if how.answered is not None else None,
            citations=(Citation(1, "page", _url(topic), "words"),) if how.cited else (),
            usd=0.001,
            seconds=1.0,
            model=model,
            error="stopped" if how.stop else how.error,
            route=how.route or "",
            version="v1",
            kind=kind,  # type: ignore[arg-type]
        )

    def _message(self, topic: Topic) -> str:
        words = [word for word in topic.words if self.people.is_so(KEPT_WORDS)]
        words += self.rng.sample(self._words[:COMMON_WORDS], self.rng.randint(2, 4))
        self.rng.shuffle(words)
        return " ".join(words)

    def _make_topics(self) -> list[Topic]:
        topics = []
        routes = (PROMPT, DOCUMENTS, FORM, OTHER)
        for number in range(len(CAUSES) + self.plan.healthy_topics):
            start = COMMON_WORDS + number * TOPIC_WORDS
            words = self._words[start : start + TOPIC_WORDS]
            cause = CAUSES[number] if number < len(CAUSES) else None
            route = ROUTE_OF[cause] if cause else self.rng.choice(routes)
            gap = self.rng.choice(GAPS) if cause == "retrieval" else ""
            topics.append(Topic(number, words, cause, route, gap))

        return topics

    def _write_routes(self) -> None:
        form = {
            "type": "object",
            "additionalProperties": False,
            "required": ["queue"],
            "properties": {"queue": {"type": "string", "enum": ["a", "b"]}},
        }
        for route in (PROMPT, DOCUMENTS, FORM, OTHER):
            steps = (RetrieveStep(do="retrieve", top=6), PromptStep())
            version = Version(
                route=route,
                kind="rag" if route == DOCUMENTS else "prompt",
                steps=steps if route == DOCUMENTS else (PromptStep(),),
                prompt="Do it.\n- Keep it short.\n- Write in English.",
                output=form if route == FORM else None,
            )
            body = version.model_dump(mode="json")
            stored = StoredVersion(self.team, route, "v1", version.kind, "shadow", body, START)
            self.store.versions.insert(stored)
            self.store.versions.go_live(self.team, route, "v1")

    def _write_documents(self) -> None:
        documents = []
        for topic in self.topics:
            if topic.gap == "missing" or topic.route != DOCUMENTS:
                continue

            age = 400 * DAY if topic.gap == "stale" else 10 * DAY
            body = f"About {' '.join(topic.words)}: the answer is {topic.number}."
            documents.append(
                Document(
                    self.team,
                    f"handbook:{topic.number}",
                    "handbook",
                    "Page",
                    _url(topic),
                    WORKSPACE_ACL,
                    START - age,
                    body,
                    [Chunk("Page", "", body)],
                )
            )

        self.store.documents.upsert(*documents)

    def _make_context(self) -> Context:
        return Context(
            settings=Settings(_env_file=None, data=self.folder),
            store=self.store,
            queue=MemoryQueue({}),
            model=ScriptedModel(),
            replies=MemoryReplies(),
            leases=Leases(self.store.requests, "w", lambda: self.now, 20.0),
            now=lambda: self.now,
            random=lambda: 0.5,
            index=self.store.documents,
            encoder=LazyEncoder(lambda: self.encoder),
            directory=MemoryDirectory(is_public=True),
        )


def _feedback(key: str, user: str, how: Served, at: float) -> list[Feedback]:
    found = []
    for aspect, value in (("thumb", how.thumb), ("reason", how.reason), ("route", how.chosen)):
        if value:
            found.append(Feedback(key, user, aspect, value, at))  # type: ignore[arg-type]

    return found


def _url(topic: Topic) -> str:
    return f"https://handbook.example/{topic.number}"


def _made_up_words(rng: random.Random, count: int) -> list[str]:
    words: dict[str, None] = {}
    while len(words) < count:
        words["".join(rng.choice(SYLLABLES) for _ in range(rng.randrange(3, 5)))] = None

    return list(words)
