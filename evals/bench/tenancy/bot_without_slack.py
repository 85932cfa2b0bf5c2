"""A bot without Slack: its real listeners and answer job on one database, and what they show."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import select

from bot.admins import Admins
from bot.routing.service import RoutingService
from evals.bench.tenancy.plan import CHANNELS, TOPICS, USERS
from evals.stand_ins import HashingEncoder, ImmediateTrainer
from router.catalog.catalog import load_routes
from router.config import Settings
from router.encoder.cache import CachingEncoder
from router.learning.learner import Learner
from router.publish import publish_catalog
from router.store import open_store
from router.store.base.tables import metadata
from workers.context import Context
from workers.fakes import MemoryDirectory, MemoryQueue, MemoryReplies
from workers.jobs import answer, queue_of_job
from workers.llm.budget import Budget
from workers.llm.gateway import Gateway
from workers.llm.model_client import RawAnswer
from workers.llm.pricing import Price
from workers.ports import ChannelInfo
from workers.runtime.leases import Leases

LEASE_SECONDS = 30.0
TIMING = re.compile(r"\d+(\.\d+)? ms")
UNSTABLE_COLUMNS = frozenset(
    {"decision.seconds", "outcome.seconds", "erasure.id", "erasure.sentences", "turn.number"}
)
"""Columns that measure this machine, are drawn at random, or number the turns of everybody."""


class EchoModel:
    """A model server that repeats what it was asked, for a tenth of a cent an answer."""

    def send(self, endpoint: Any, call: Any, stall_seconds: float, on_text: Any) -> RawAnswer:
        """Returns the last message."""
        return RawAnswer(str(call.messages[-1]["content"])[-200:], "stop", 10, 10)

    def price(self, name: str) -> Price:
        """Returns the same price for every model."""
        return Price(output_usd=0.0001)


class Recorder:
    """A Slack client, or a `respond`, that keeps everything that it is asked to show."""

    def __init__(self) -> None:
        self.shown: list[object] = []

    def __call__(self, *text: str, **message: object) -> None:
        """Shows a message to whoever clicked."""
        self.shown.append([*text, message])

    def __getattr__(self, name: str) -> Callable[..., dict[str, object]]:
        def call(**arguments: object) -> dict[str, object]:
            self.shown.append([name, arguments])
            return {"ok": True, "ts": "1.0", "channel": {"id": "D1"}}

        return call


class BotWithoutSlack:
    """The bot of the workspaces `teams`, on a database and folder of its own.

    `now` is the time, which the caller moves on.
    """

    def __init__(self, folder: Path, teams: Sequence[str]) -> None:
        self.now = 0.0
        self.teams = teams
        self.settings = Settings(
            _env_file=None,
            data=folder,
            model="echo/one",
            cap_user_requests=40,
            cap_team_usd=0.2,
            requests_per_minute=0,
        )
        self.store = open_store(self.settings.store_url)
        self.queue = MemoryQueue(queue_of_job())
        self.replies = MemoryReplies()
        self.shown = Recorder()
        self._counts: Counter[str] = Counter()

        write_routes(folder / "routes")
        catalog = load_routes(folder / "routes")
        publish_catalog(catalog, self.store, self.now)
        admins = Admins(self.settings, self.store.audit, self.clock, lambda _team: "UADMIN")
        learner = Learner(CachingEncoder(HashingEncoder()), folder / "router")
        self.routing = RoutingService(
            catalog, learner, self.store, self.queue, admins, slack_of_both()
        )
        states = self.store.labels.fingerprints
        self.routing.trainer = ImmediateTrainer(self.routing.retrain, states)
        self.context = self._worker()
        for team in teams:
            self.install(team)

    def clock(self) -> float:
        """Returns the time in unix seconds."""
        return self.now

    def install(self, team: str) -> None:
        """Stores what Slack says about people and channels after an installation."""
        guests = {user: user == "U3" for user in USERS}
        self.store.access.set_users(team, guests, at=self.now)
        for channel in CHANNELS:
            self.store.access.set_channel(
                team, channel, at=self.now, name=channel.lower(), public=True
            )
            self.store.access.set_members(team, channel, USERS, self.now)

    def new_id(self, team: str) -> str:
        """Returns the id of the workspace's next request."""
        self._counts[team] += 1
        return f"{team}-{self._counts[team]}"

    def request_id(self, team: str, newest_first: int) -> str:
        """Returns the id of one of the workspace's requests, which may be none any more."""
        return f"{team}-{self._counts[team] - newest_first}"

    def settle(self, team: str) -> None:
        """Trains the workspace's router if labels have come or gone without a click."""
        self.routing.trainer.request(team)

    def work(self) -> None:
        """Runs the answers that wait in the queue."""
        while self.queue.jobs:
            job, key = self.queue.jobs.popleft()
            if job == "answer":
                answer.run(self.context, key)

    def take_shown(self) -> str:
        """Returns what was shown since the last time as JSON, without measured times."""
        shown, self.shown.shown = self.shown.shown, []
        return TIMING.sub("# ms", json.dumps(shown, default=str, sort_keys=True))

    def rows(self, team: str) -> dict[str, list[str]]:
        """Returns the workspace's rows by table, without numbers that the database gave."""
        # Events become figures at any time, such as when the other workspace is removed.
        self.store.usage_counts.count_events()
        found = {}
        with self.store.begin() as connection:
            for table in metadata.sorted_tables:
                where = None
                if "team" in table.c:
                    where = table.c.team == team
                elif "request" in table.c:
                    where = table.c.request.startswith(f"{team}-")
                elif table.name == "spend":
                    where = table.c.key.startswith(team)
                if where is None:
                    continue

                rows = connection.execute(select(table).where(where)).mappings()
                found[table.name] = sorted(_stable(table.name, dict(row)) for row in rows)

        return found

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
            model=Gateway(self.settings, EchoModel(), None, self.clock, lambda: 0.5, budget),
            replies=self.replies,
            leases=Leases(store.requests, "worker", self.clock, LEASE_SECONDS),
            now=self.clock,
            random=lambda: 0.5,
            index=store.documents,
        )


def slack_of_both() -> MemoryDirectory:
    """Returns what Slack says in both workspaces: all channels are public, and U3 is a guest."""
    directory = MemoryDirectory()
    directory.guest_ids.add("U3")
    for channel in CHANNELS:
        name = channel.lower()
        directory.channels[channel] = ChannelInfo(channel, name, public=True, shared=False)
        directory.member_ids[channel] = list(USERS)

    return directory


def write_routes(folder: Path) -> None:
    """Writes a route folder for each topic; identical calls of a workspace share their answer."""
    for name, templates in TOPICS.items():
        route = folder / name
        route.mkdir(parents=True)
        texts = [
            template.format(thing) for template in templates for thing in ("it", "this", "hat")
        ]
        utterances = "\n".join(f"  - {json.dumps(text)}" for text in texts)
        head = f"name: {name}\ndescription: About {name}.\ncache: true\nutterances:\n{utterances}"
        (route / "route.md").write_text(f"---\n{head}\n---\nAnswer in one sentence.\n", "utf-8")


def _stable(table: str, row: dict[str, Any]) -> str:
    values = {}
    for name, value in row.items():
        is_number = name == "id" and isinstance(value, int)
        if is_number or f"{table}.{name}" in UNSTABLE_COLUMNS:
            continue
        values[name] = value

    return json.dumps(values, default=str, sort_keys=True)
