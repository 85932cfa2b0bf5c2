"""Time from the model's first token to its appearance in the Slack thread."""

from __future__ import annotations

import time
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
from router.store import open_store
from router.store.usage.latency import quantile
from router.types import Decision, Request, Score

CHANNEL = "general"


def main(
    answers: Annotated[int, typer.Option(help="How many answers begin.")] = 200,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Measure the time from a model's first token to the token in the thread."""
    set_up_logs("auto", "error")
    decision = Decision("route", "rewrite", 0.9, 0.8, 0.9, (Score("rewrite", 0.9),), "v")
    seconds = []

    with TemporaryDirectory(prefix="bg") as folder, Sandbox(SandboxConfig(limits=False)) as sandbox:
        store = open_store(f"sqlite:///{Path(folder) / 'beagle.db'}")
        replies = SlackReplies(
            Clients.single(sandbox.bot_token, sandbox.api_url),
            store.replies,
            time.time,
            lambda _: (),
        )
        ada = sandbox.actor("ada")
        channel = ada.channel(CHANNEL)

        for n in range(answers):
            ts = ada.say(CHANNEL, f"message {n}")
            request = Request(
                f"r{n}", seed_data.TEAM_ID, channel, ada.id, ts, f"e{n}", "x", time.time()
            )
            store.requests.insert(request, time.time())
            start = time.monotonic()
            replies.stream(request, decision, "Hello ")
            seconds.append(time.monotonic() - start)
            assert "Hello" in ada.thread(CHANNEL, ts)[-1]["text"]

        store.close()

    totals = {
        "answers": answers,
        "first_token_p50_ms": round(quantile(seconds, 0.5) * 1000, 1),
        "first_token_p95_ms": round(quantile(seconds, 0.95) * 1000, 1),
        "first_token_max_ms": round(max(seconds) * 1000, 1),
    }

    print_figures(totals, as_json=as_json)
