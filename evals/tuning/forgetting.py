"""Catastrophic forgetting of a small model that is trained, with and without replay."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Annotated, Any

import typer

from evals.tuning.served import ADAPTER, Contender, Shape, ask_server, compact, serving
from router.catalog.catalog import Route, builtin_routes_folder, read_route
from router.config import Settings, read_settings
from router.log import set_up_logs
from router.text.printable import print_line
from workers.evaluation.interference import PROBES, count_right, probe
from workers.llm.litellm_client import open_model
from workers.llm.local.server import LocalModelServer
from workers.llm.local.weights import find_weights
from workers.training import replay_questions as general
from workers.training.subprocess import train_in_subprocess
from workers.training.trainers import ChatExample, TrainingOptions

DEV_ROWS = 20
FOLDER = "measure-forgetting"
"""In the data folder: servers and adapters."""
SHARES = (0.0, 0.1)
METHODS = ("lora",)
COLUMNS = (
    "method",
    "share",
    "mixed_in",
    "exact",
    "probes_right",
    "probes_changed",
    "loss_before",
    "loss_after",
    "kl_base",
    "cpu_seconds",
)


@dataclass(frozen=True, slots=True)
class ForgettingSizes:
    """Training rows, test rows asked, passes, and what is compared.

    That is each trainer of `methods` with each share of general examples.
    """

    rows: int = 160
    asked: int = 40
    epochs: int = 2
    shares: tuple[float, ...] = SHARES
    methods: tuple[str, ...] = METHODS


def main(
    route: Annotated[
        Path | None, typer.Option(help="A structured route's folder; the demo's if left out.")
    ] = None,
    rows: Annotated[int, typer.Option(help="Training rows.")] = 160,
    asked: Annotated[int, typer.Option(help="Test rows that each adapter is asked.")] = 40,
    epochs: int = 2,
    share: Annotated[
        list[float] | None, typer.Option(help="A share of general examples; may be repeated.")
    ] = None,
    method: Annotated[
        list[str] | None, typer.Option(help="A trainer, lora or full; may be repeated.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object and nothing else.")
    ] = False,
) -> None:
    """Train one task with several shares of replay; compare what is learnt and forgotten."""
    settings = read_settings()
    set_up_logs(settings.log, "warning")
    task = read_route(route or builtin_routes_folder() / "leave")
    shares, methods = tuple(share or SHARES), tuple(method or METHODS)
    report = measure(settings, task, ForgettingSizes(rows, asked, epochs, shares, methods))
    print_line(json.dumps(report) if as_json else _table(report))


def measure(settings: Settings, task: Route, sizes: ForgettingSizes) -> dict[str, Any]:
    """Trains with each method and share of replay, and returns what each learned and forgot."""
    rows, epochs = sizes.rows, sizes.epochs
    task_examples = [*_chat_examples(task, "train")[:rows], *_chat_examples(task, "dev")[:DEV_ROWS]]
    folder = settings.data / FOLDER
    with serving(settings, None, f"{FOLDER}/base") as base:
        model = open_model(settings, base, time.time, lambda: 0.5)
        before, held = probe(model), general.held_out_examples(model)
        mixed = {share: general.replay_examples(model, share, rows) for share in sizes.shares}

    results = []
    for method, (share, replayed) in product(sizes.methods, mixed.items()):
        trained = train_in_subprocess(
            method,
            [*task_examples, *replayed, *held],
            find_weights(settings.data),
            folder / f"{task.name}-{rows}-{epochs}-{share}-{method}",
            TrainingOptions(epochs=epochs, threads=settings.local_threads),
        )
        assert trained.artifact is not None
        loss = trained.general_loss or (None, None)
        cost = {
            "loss_before": loss[0],
            "loss_after": loss[1],
            "kl_base": trained.details.get("kl_base"),
            "cpu_seconds": round(trained.cpu_seconds),
        }

        with serving(settings, trained.artifact, f"{FOLDER}/tuned") as tuned:
            figures = _measure_tuned(settings, tuned, task, before, sizes.asked)

        results.append(
            {"method": method, "share": share, "mixed_in": len(replayed)} | figures | cost
        )

    return {
        "route": task.name,
        "rows": rows,
        "epochs": epochs,
        "asked": sizes.asked,
        "probes": len(PROBES),
        "probes_right_before": count_right(before),
        "results": results,
    }


def _chat_examples(route: Route, split: str) -> list[ChatExample]:
    prompt = route.version.prompt
    return [
        ChatExample(
            [{"role": "system", "content": prompt}, {"role": "user", "content": row.text}],
            compact(row.answer),
            "train" if split == "train" else "dev",
        )
        for row in route.rows
        if row.split == split
    ]


def _measure_tuned(
    settings: Settings, server: LocalModelServer, route: Route, before: Sequence[str], count: int
) -> dict[str, Any]:
    """Returns accuracy on the task, and on general questions.

    These also with an adapter off; a model of its own leaves the included one as it is.
    """
    rows = [row for row in route.rows if row.split == "test"][:count]
    contender = Contender(
        "tuned", [{"role": "system", "content": route.version.prompt}], tuned=True
    )
    shape = Shape(route.version.output, route.version.limits.output_tokens)
    exact = sum(
        ask_server(server, contender, shape, row.text, use_cache=True).answer == row.answer
        for row in rows
    )
    model = open_model(settings, server, time.time, lambda: 0.5)
    on = probe(model, ADAPTER if server.adapters else None)
    off = probe(model) if server.adapters else before

    return {
        "exact": exact / max(1, len(rows)),
        "probes_right": count_right(on),
        "probes_changed": _differences(before, on),
        "probes_changed_off": _differences(before, off),
    }


def _differences(before: Sequence[str], after: Sequence[str]) -> int:
    return sum(first != second for first, second in zip(before, after, strict=True))


def _table(report: Mapping[str, Any]) -> str:
    head = f"{report['route']}: {report['rows']} rows, {report['epochs']} epochs; base: "
    lines = [
        f"{head}{report['probes_right_before']} of {report['probes']} general questions right",
        " ".join(COLUMNS),
    ]
    lines += [
        " ".join(f"{result[name]:>{len(name)}}" for name in COLUMNS) for result in report["results"]
    ]

    return "\n".join(lines)


def section(report: Mapping[str, Any]) -> str:
    """Returns the part of the essay's page."""
    lines = []
    for result in report["results"]:
        lines.append(
            f"| {result['method']} | {result['share']:.0%} | {result['exact']:.0%} | "
            f"{result['probes_right']} | {result['loss_before']} | {result['loss_after']} | "
            f"{result['kl_base']} | {result['cpu_seconds']} |"
        )

    table = "\n".join(lines)
    return f"""## Forgetting

`beagle eval forgetting --rows {report["rows"]} --epochs {report["epochs"]} --json`, with *--method*
and *--share* as in the table: trained for `{report["route"]}`, an adapter (lora) or all weights
(full); asked {report["asked"]} test rows, and {report["probes"]} general questions of which the
base answers {report["probes_right_before"]} right. *KL* is that of the tuned from the base model on
the task's own dev answers, in nats a token.

| trained | replay | task right | general right | loss before | loss after | KL | CPU seconds |
|---|---|---|---|---|---|---|---|
{table}"""
