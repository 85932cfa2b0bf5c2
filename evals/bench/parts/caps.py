"""Spends against one cap from several processes at once and adds up what was spent."""

from __future__ import annotations

import json
import multiprocessing
import random
import tempfile
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from router.config import Settings
from router.errors import BudgetError
from router.store import open_store
from router.store.usage.spend import DAY_SECONDS
from router.text.printable import print_line
from workers.llm.budget import Budget
from workers.llm.gateway import Gateway
from workers.llm.model_client import Endpoint, RawAnswer, TextCallback
from workers.llm.pricing import Price
from workers.ports import ModelCall, Payer

DAY = 20_000
HELLO = ({"role": "user", "content": "hello"},)
LONGEST = 20
USD_PER_TOKEN = 0.0001


class Meter:
    """A vendor that writes 1 to 20 tokens, at a hundredth of a cent each."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)  # noqa: S311  # repeatable on purpose
        self.usd = 0.0

    def send(
        self,
        endpoint: Endpoint,
        call: ModelCall,
        stall_seconds: float,
        on_text: TextCallback | None,
    ) -> RawAnswer:
        """Returns an answer of 1 to 20 tokens."""
        tokens = self._rng.randint(1, LONGEST)
        self.usd += tokens * USD_PER_TOKEN
        return RawAnswer("ok", "stop", 1, tokens)

    def price(self, name: str) -> Price | None:
        """Prices output tokens only."""
        return Price(output_usd=USD_PER_TOKEN)


def main(
    workers: Annotated[int, typer.Option(help="Processes, each with its own connections.")] = 4,
    calls: Annotated[int, typer.Option(help="Calls that each of them wants to make.")] = 1000,
    cap: Annotated[float, typer.Option(help="The workspace's cap in USD.")] = 1.0,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object and nothing else.")
    ] = False,
) -> None:
    """Spend against one cap from several processes: the total must not exceed it."""
    with tempfile.TemporaryDirectory() as folder:
        report = spend_together(Path(folder), workers, calls, cap)

    print_line(json.dumps(report) if as_json else _as_text(report))


def spend_together(folder: Path, workers: int, calls: int, cap: float) -> dict[str, Any]:
    """Returns counts of calls and the USD spent; `spent_usd` is what a vendor would bill."""
    url = f"sqlite:///{folder}/caps.db"
    open_store(url).close()
    spawn = multiprocessing.get_context("spawn")
    start = time.perf_counter()

    with spawn.Pool(workers) as pool:
        results = pool.starmap(_worker, [(url, number, calls, cap) for number in range(workers)])

    seconds = time.perf_counter() - start
    store = open_store(url)
    counted = store.spend.usage(("team", "T1"), DAY).usd
    store.close()
    spent = sum(result["usd"] for result in results)

    return {
        "workers": workers,
        "calls": workers * calls,
        "answered": sum(result["answered"] for result in results),
        "refused": sum(result["refused"] for result in results),
        "cap_usd": cap,
        "spent_usd": round(spent, 6),
        "counted_usd": round(counted, 6),
        "over_usd": round(max(0.0, spent - cap), 6),
        "seconds": round(seconds, 2),
    }


def _worker(url: str, seed: int, calls: int, cap: float) -> dict[str, Any]:
    store, vendor = open_store(url), Meter(seed)
    settings = Settings(_env_file=None, model="meter/one", cap_team_usd=cap)
    budget = Budget(settings, store.spend, lambda: DAY * DAY_SECONDS + 60.0)
    model = Gateway(settings, vendor, None, lambda: 0.0, lambda: 0.0, budget)
    answered = refused = 0

    for number in range(calls):
        payer = Payer("T1", "C1", f"U{seed}-{number % 7}")
        try:
            model.complete(ModelCall(HELLO, output_tokens=LONGEST, payer=payer))
            answered += 1
        except BudgetError:
            refused += 1

    store.close()
    return {"answered": answered, "refused": refused, "usd": vendor.usd}


def _as_text(report: dict[str, Any]) -> str:
    return (
        f"{report['workers']} processes, {report['calls']} calls against ${report['cap_usd']:.2f}: "
        f"{report['answered']} answered, {report['refused']} refused, "
        f"${report['spent_usd']:.4f} spent, "
        f"${report['over_usd']:.4f} over, {report['seconds']:.1f} s"
    )
