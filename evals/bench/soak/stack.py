"""The processes of a soak: a local Slack, bot, workers, broker, and a model that writes at once."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.app import now
from bot.demo import sample_data
from bot.demo.stack import LocalStack, StackConfig
from bot.replies.posting import EVENT_TYPE
from bot.sandbox import seed_data
from bot.sandbox.delivery.event_limit import EventLimit
from bot.sandbox.seed_data import TEAM_ID
from evals.bench.soak.head_route import put_head_live
from evals.bench.soak.people import CHANNELS, SentMessage
from evals.bench.soak.process_usage import process_ids
from evals.bench.soak.stand_in import ModelTimes, model_reply
from router.catalog.catalog import builtin_routes_folder
from router.index import WORKSPACE_ACL
from router.store.knowledge.sources import Source
from workers.knowledge.refresh import read_source
from workers.llm.fake_server import fake_model_server

HANDBOOK = Path(__file__).parents[2] / "handbook"
SOURCE = "handbook"
MODEL = "openai/stand-in"
INCIDENTS = 60
"""Past incident reports, of which a digest is made."""


@dataclass(frozen=True, slots=True)
class SoakAnswers:
    """How many messages have no answer, how many answers are surplus, and Beagle's own seconds.

    `own_seconds` are from the message to its first whole answer in Slack, without the time in which
    the model worked on that.
    """

    unanswered: int
    doubled: int
    own_seconds: list[float]


@contextmanager
def soak_stack(words_per_second: float, **settings: str) -> Iterator[SoakStack]:
    """Starts everything, with documents to quote and two weeks of past requests."""
    times = ModelTimes()
    with (
        fake_model_server() as model,
        tempfile.TemporaryDirectory(prefix="bg") as name,
    ):
        folder = Path(name)
        model.reply = model_reply
        model.word_seconds = 1.0 / words_per_second
        model.max_requests = 0
        model.served = lambda body, seconds: times.add(body, time.time(), seconds)

        environment = {
            "BEAGLE_MODEL": MODEL,
            "BEAGLE_MODEL_URL": model.url,
            "BEAGLE_MODEL_KEY": "none",
            "BEAGLE_CAP_TEAM_USD": "0",
            "BEAGLE_ADMINS": seed_data.user_id("ada"),
            "BEAGLE_ADMIN_CHANNEL": seed_data.build_channel("leads", [])["id"],
            "BEAGLE_ROUTES": str(_write_routes(folder / "routes")),
            **{f"BEAGLE_{key.upper()}": value for key, value in settings.items()},
        }
        config = StackConfig(extra=environment, local_model=False, limits=False)
        with LocalStack(folder / "data", config) as slack:
            stack = SoakStack(slack, times)
            stack.prepare()
            yield stack


class SoakStack:
    """The running processes, and what a soak reads of them."""

    def __init__(self, slack: LocalStack, times: ModelTimes) -> None:
        self.slack = slack
        self._times = times
        self._handbook = slack.folder / "handbook"
        self._changes = 0
        self._channels = {name: slack.sandbox.actor("ada").channel(name) for name in CHANNELS}
        self._answered_at: dict[str, float] = {}
        slack.sandbox.call(lambda: slack.sandbox.workspace.subscribe(self._note_answer))

    def prepare(self) -> None:
        """Loads past requests and a trained head, and reads the documents for the first time."""
        samples = sample_data.sample_requests(now(), incidents=INCIDENTS)
        channel = self._channels[CHANNELS[0]]
        sample_data.load_into(self.slack.store, seed_data.TEAM_ID, channel, samples)
        put_head_live(self.slack, self.slack.folder)
        shutil.copytree(HANDBOOK, self._handbook)
        self._read_documents()

    def limit_events(self, events_per_hour: int) -> None:
        """Makes Slack deliver so many events of the workspace an hour, and drop the others."""
        dispatcher = self.slack.sandbox.context.dispatcher

        def limit() -> None:
            dispatcher.limit = EventLimit(events_per_hour)

        self.slack.sandbox.call(limit)

    def dropped_events(self) -> int:
        """Returns how many events Slack has dropped, because there were too many."""
        counts = self.slack.sandbox.context.dispatcher.counts
        return self.slack.sandbox.call(lambda: counts["rate_limited"])

    def change_document(self) -> None:
        """Edits a page and reads the documents again; a worker makes the new vectors."""
        self._changes += 1
        page = self._handbook / "office.md"
        text = (HANDBOOK / "office.md").read_text("utf-8")
        page.write_text(f"{text}\n\nRoom {self._changes} is closed this week.\n", "utf-8")
        self._read_documents()

    def pids(self) -> Mapping[str, int]:
        """Returns the process id of each of Beagle's processes, by name."""
        return process_ids(self.slack)

    def disk_bytes(self) -> dict[str, int]:
        """Returns the size of the database and of the broker's append-only files."""
        folder = self.slack.folder
        patterns = {"database": "beagle.db*", "aof": "appendonlydir/*", "logs": "logs/*"}
        sizes = {}
        for name, pattern in patterns.items():
            sizes[name] = sum(path.stat().st_size for path in folder.glob(pattern))

        return sizes

    def answers(self, messages: Sequence[SentMessage]) -> SoakAnswers:
        """Counts the answers to these messages, as Slack and the store have them now."""
        store = self.slack.store
        shown = self._shown_answers()
        unanswered = 0
        doubled = 0
        own_seconds = []

        for message in messages:
            request = store.requests.find(TEAM_ID, self._channels[message.channel], message.ts)
            count = shown[request.id] if request is not None else 0
            if request is None or count == 0:
                unanswered += 1
                continue

            doubled += count - 1
            answered_at = self._answered_at[request.id]
            model_seconds = self._times.seconds(message.number, answered_at)
            own_seconds.append(max(0.0, answered_at - float(message.ts) - model_seconds))

        return SoakAnswers(unanswered, doubled, own_seconds)

    def log_errors(self) -> dict[str, int]:
        """Counts the warnings and errors in the processes' logs, by event."""
        events: Counter[str] = Counter()
        for path in (self.slack.folder / "logs").glob("*.log"):
            for line in path.read_text("utf-8", "replace").splitlines():
                try:
                    entry = json.loads(line)
                except ValueError:
                    events[f"{path.stem}: no JSON"] += 1
                    continue

                if entry.get("level") in ("warning", "error", "critical"):
                    events[f"{path.stem}: {entry.get('event')}"] += 1

        return dict(events)

    def copy_logs(self, folder: Path) -> None:
        """Copies the processes' logs, for a look after the run."""
        shutil.copytree(self.slack.folder / "logs", folder, dirs_exist_ok=True)

    def _note_answer(self, change: dict[str, Any]) -> None:
        """Notes when an answer was whole for the first time; a correction may change it later."""
        if change["type"] in ("message", "update"):
            request = _answered_request(change["message"])
            if request is not None:
                self._answered_at.setdefault(request, time.time())

    def _read_documents(self) -> None:
        source = Source(
            seed_data.TEAM_ID,
            SOURCE,
            "folder",
            (str(self._handbook),),
            WORKSPACE_ACL,
            "https://handbook.example",
        )
        read_source(self.slack.store, source, now())
        self.slack.ask_for_vectors(SOURCE)

    def _shown_answers(self) -> Counter[str]:
        """Returns how many answers Slack shows for each request."""
        workspace = self.slack.sandbox.workspace

        def count() -> Counter[str]:
            counts: Counter[str] = Counter()
            for channel in self._channels.values():
                for message in workspace.messages[channel].values():
                    request = _answered_request(message)
                    if request is not None:
                        counts[request] += 1

            return counts

        return self.slack.sandbox.call(count)


def _answered_request(message: dict[str, Any]) -> str | None:
    """Returns the id of the request whose whole answer the message is; None for any other."""
    metadata = message.get("metadata") or {}
    if metadata.get("event_type") != EVENT_TYPE:
        return None

    return str(metadata["event_payload"]["request"])


def _write_routes(folder: Path) -> Path:
    """Writes the tuned route so that the stand-in serves it: there is no adapter to load."""
    leave = folder / "leave"
    shutil.copytree(builtin_routes_folder() / "leave", leave)
    file = leave / "route.md"
    text = re.sub(r"^adapter: .*$", f"models: [{MODEL}]", file.read_text("utf-8"), flags=re.M)
    file.write_text(text, "utf-8")
    (leave / "adapter.gguf").unlink(missing_ok=True)

    return folder
