"""Streams whole answers in the strict loopback Slack, and counts what it refused."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from bot.replies.replies import SlackReplies
from bot.sandbox import seed_data
from bot.sandbox.server import Sandbox, SandboxConfig
from bot.transport.clients import Clients
from evals.figures import print_figures
from router.log import set_up_logs
from router.store import Store, open_store
from router.store.usage.latency import quantile
from router.types import Decision, Outcome, Request, Score

CHANNEL = "general"
WORDS = "The *tide* table hangs at the harbour_office, see https://example.com/tides. "
PART_SECONDS = 4.0
"""Between two parts of an answer, by the clock of the streams: each part is due at once."""
MAX_FIRST_SECONDS = 0.3


class PartClock:
    """The clock of the streams, which runs ahead by `PART_SECONDS` with every part."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ahead = 0.0

    def __call__(self) -> float:
        """Returns the time, in unix seconds."""
        return time.time() + self._ahead

    def next_part(self) -> None:
        """Lets the time between two parts pass."""
        with self._lock:
            self._ahead += PART_SECONDS


class StreamedAnswers:
    """Asks, streams and delivers answers; `first_words` has the seconds to the first of each."""

    def __init__(self, sandbox: Sandbox, store: Store, parts: int) -> None:
        self.first_words: list[float] = []
        self.whole = 0
        self._sandbox = sandbox
        self._store = store
        self._parts = parts
        self._clock = PartClock()
        clients = Clients.single(sandbox.bot_token, sandbox.api_url)
        self._replies = SlackReplies(clients, store.replies, self._clock, lambda _: ())
        self._decision = Decision("route", "rewrite", 0.9, 0.8, 0.9, (Score("rewrite", 0.9),), "v")

    def play(self, number: int) -> None:
        """Has somebody ask, and answers as a worker does."""
        name = seed_data.HUMANS[number % len(seed_data.HUMANS)][0]
        person = self._sandbox.actor(name)
        channel = person.channel(CHANNEL)
        ts = person.say(CHANNEL, f"message {number}")
        request = Request(
            f"r{number}",
            seed_data.TEAM_ID,
            channel,
            person.id,
            ts,
            f"e{number}",
            "x",
            time.time(),
        )
        self._store.requests.insert(request, time.time())
        self._store.decisions.insert_first(request.id, self._decision, time.time())

        start = time.monotonic()
        self._replies.stream(request, self._decision, WORDS)
        self.first_words.append(time.monotonic() - start)
        for _ in range(self._parts - 1):
            self._clock.next_part()
            self._replies.stream(request, self._decision, WORDS)

        text = (WORDS * self._parts).strip()
        self._replies.deliver(request, self._decision, Outcome(text, route="rewrite"))
        shown = [m for m in person.thread(CHANNEL, ts) if m.get("bot_id")]
        is_whole = len(shown) == 1 and not shown[0].get("streaming") and "harbour" in str(shown)
        self.whole += is_whole


def main(
    answers: Annotated[int, typer.Option(help="How many answers are streamed.")] = 1_000,
    at_once: Annotated[int, typer.Option(help="How many grow at the same time.")] = 4,
    parts: Annotated[int, typer.Option(help="Parts in which the model gives each.")] = 6,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Count refused calls of streamed answers; time their first words."""
    set_up_logs("auto", "error")
    # Without rate limits: a workspace begins 20 streams a minute, the rest come at their end.
    with TemporaryDirectory(prefix="bg") as folder, Sandbox(SandboxConfig(limits=False)) as sandbox:
        store = open_store(f"sqlite:///{Path(folder) / 'beagle.db'}")
        streamed = StreamedAnswers(sandbox, store, parts)
        with ThreadPoolExecutor(at_once) as pool:
            list(pool.map(streamed.play, range(answers)))

        store.close()
        calls, errors = sandbox.call(
            lambda: (dict(sandbox.context.call_counts), dict(sandbox.context.error_counts))
        )

    figures = {
        "answers": answers,
        "whole": streamed.whole,
        "streams": calls.get("chat.startStream", 0),
        "appends": calls.get("chat.appendStream", 0),
        "refused": sum(errors.values()),
        "first_words_p50_ms": round(quantile(streamed.first_words, 0.5) * 1000, 1),
        "first_words_p95_ms": round(quantile(streamed.first_words, 0.95) * 1000, 1),
        "first_words_max_ms": round(max(streamed.first_words) * 1000, 1),
    }
    print_figures(figures, as_json=as_json, width=20)

    is_strict = figures["refused"] == 0 and figures["whole"] == figures["streams"] == answers
    is_quick = quantile(streamed.first_words, 0.95) <= MAX_FIRST_SECONDS
    raise typer.Exit(0 if is_strict and is_quick else 1)
