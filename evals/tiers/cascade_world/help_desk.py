"""A help desk whose bot is the real one: routing service, jobs, gateway and store."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from pathlib import Path

from bot.admins import Admins
from bot.listeners.answer_actions import AnswerActions
from bot.listeners.route_correction import RouteCorrection
from bot.routing.service import RoutingService
from evals.stand_ins import HashingEncoder, ImmediateTrainer
from evals.tiers.cascade_world.models import LoopbackClient, LoopbackModel
from evals.tiers.cascade_world.tasks import REPHRASED, ROUTE, Task, write_route
from router.catalog.catalog import load_routes
from router.config import Settings
from router.encoder.cache import CachingEncoder
from router.encoder.protocol import Encoder
from router.learning.learner import Learner
from router.publish import publish_catalog
from router.store import open_store
from router.types import Decision, Outcome, Request
from workers.context import Context
from workers.fakes import MemoryQueue, MemoryReplies
from workers.jobs import answer, get_job, queue_of_job
from workers.llm.budget import Budget
from workers.llm.gateway import Gateway
from workers.runtime.leases import Leases

TEAM, CHANNEL = "T1", "C1"
LEASE_SECONDS = 30.0
REQUEST_SECONDS = 60.0
"""Seconds between two requests of the desk: each person asks seldom, somebody asks all the time."""
PEOPLE = 40
ROWS_EACH = 16


class HelpDesk:
    """The desk on a database of its own in `folder`, with loopback `models` by their names.

    `tiers` is what the route's file says about them; the dev and the test split have `rows_each`
    rows of each intent. Without an `encoder` a quick one counts words. All chance comes from
    `seed`.
    """

    def __init__(
        self,
        folder: Path,
        models: Mapping[str, LoopbackModel],
        tiers: str,
        seed: int = 0,
        rows_each: int = ROWS_EACH,
        encoder: Encoder | None = None,
        **settings: object,
    ) -> None:
        self.now = 1_700_000_000.0
        self.tasks: dict[str, Task] = {}
        self.rng = random.Random(seed)  # noqa: S311  # a simulation, no secret
        self.client = LoopbackClient(models, self.tasks, seed)
        write_route(folder / "routes", self.tasks, tiers, seed, rows_each)
        values: dict[str, object] = {
            "data": folder,
            "routes": folder / "routes",
            "model": next(iter(models)),
            "cap_team_usd": 0.0,
            "requests_per_minute": 0,
        }
        self.settings = Settings(_env_file=None, **(values | settings))  # type: ignore[arg-type]
        self.store = open_store(self.settings.store_url)
        self.queue = MemoryQueue(queue_of_job())
        self.replies = MemoryReplies()
        self._count = 0

        catalog = load_routes(folder / "routes")
        published = publish_catalog(catalog, self.store, self.now)
        admins = Admins(self.settings, self.store.audit, self.clock, lambda _team: "UADMIN")
        learner = Learner(encoder or CachingEncoder(HashingEncoder()), folder / "router")
        self.routing = RoutingService(catalog, learner, self.store, self.queue, admins)
        states = self.store.labels.fingerprints
        self.routing.trainer = ImmediateTrainer(self.routing.retrain, states)
        correction = RouteCorrection(self.store, self.routing, self.clock)
        self.clicks = AnswerActions(self.store, self.routing, correction, self.clock)
        self.context = self._worker()
        for version in published.unmeasured:
            self.queue.enqueue("measure_tier", version)
        self.work()

    def clock(self) -> float:
        """Returns the time in unix seconds."""
        return self.now

    def ask(self, task: Task, user: str = "") -> tuple[Request, Decision, Outcome]:
        """Lets somebody ask, and works until it is answered; returns what the person got."""
        self.now += REQUEST_SECONDS
        self._count += 1
        self.tasks[task.text] = task
        request = Request(
            id=f"R{self._count}",
            team=TEAM,
            channel=CHANNEL,
            user=user or f"U{self.rng.randrange(PEOPLE)}",
            ts=f"{self.now:.6f}",
            event_id=f"E{self._count}",
            text=f"!{ROUTE} {task.text}",
            received_at=self.now,
        )
        self.store.requests.insert(request, self.now)
        self.routing.decide(request)
        self.work()
        return request, *self.answer_to(request)

    def ask_again(self, request: Request, task: Task) -> tuple[Request, Decision, Outcome]:
        """Lets the same person say the same in other words a minute later."""
        text = self.rng.choice(REPHRASED).format(task.text)
        return self.ask(Task(text, task.label, task.difficulty), request.user)

    def press(self, request: Request, direction: str) -> None:
        """Presses a thumb, `up` or `down`, under the answer."""
        self.now += 1
        decision, _ = self.answer_to(request)
        ids = json.dumps({"request": request.id, "revision": decision.revision})
        body = {
            "user": {"id": request.user, "team_id": TEAM},
            "team": {"id": TEAM},
            "channel": {"id": CHANNEL},
        }
        action = {"value": f"{direction} {ids}"}
        self.clicks.thumb(_nothing, action, body, _nothing)  # type: ignore[arg-type]

    def answer_to(self, request: Request) -> tuple[Decision, Outcome]:
        """Returns the request's decision with its outcome."""
        progress = self.store.decisions.progress(request.id)
        if progress is None or progress.outcome is None:
            raise LookupError(f"reading the answer to {request.id!r}: there is none")

        return progress.decision, progress.outcome

    def is_right(self, outcome: Outcome, task: Task) -> bool:
        """Returns whether the person got the right answer."""
        return isinstance(outcome.data, Mapping) and outcome.data.get("queue") == task.label

    def work(self) -> None:
        """Runs the jobs that wait."""
        while self.queue.jobs:
            job, key = self.queue.jobs.popleft()
            get_job(job).run(self.context, key)

        while answer.answer_next(self.context):
            pass

    def close(self) -> None:
        """Closes the database."""
        self.store.close()

    def _worker(self) -> Context:
        store = self.store
        budget = Budget(self.settings, store.spend, self.clock, store.channel_rules.daily_cap_usd)
        return Context(
            settings=self.settings,
            store=store,
            queue=self.queue,
            model=Gateway(self.settings, self.client, None, self.clock, self.rng.random, budget),
            replies=self.replies,
            leases=Leases(store.requests, "worker", self.clock, LEASE_SECONDS),
            now=self.clock,
            random=self.rng.random,
        )


def _nothing(*_: object, **__: object) -> None:
    """Stands for Slack's acknowledgement and its answers to a click."""
