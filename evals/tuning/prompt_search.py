"""Optimising the prompt on the task of `beagle eval rft`: what the same labels bring by asking."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.cli.terminal import Json
from evals.routes.route_runs import PATIENT_SECONDS, real_context
from evals.tuning import rft
from router.catalog.catalog import Route, read_route
from router.catalog.route_file import ExampleRow
from router.catalog.version import Version
from router.config import Settings, read_settings
from router.log import set_up_logs
from router.statistics import paired_difference
from router.text.printable import print_line
from workers.context import Context
from workers.datasets.labelled import labelled_rows
from workers.evaluation.accuracy import row_scores
from workers.evaluation.run import run_rows
from workers.llm.metered import CallBudget
from workers.optimise.search import OptimisationResult, optimise_prompt
from workers.ports import LanguageModel

NAME = "sort-messages"
MAX_USD = 1.0


def main(
    calls: Annotated[
        int | None,
        typer.Option(min=1, help="Model calls at most; as many as reinforcement if left out."),
    ] = None,
    seed: int = 0,
    as_json: Json = False,
) -> None:
    """Optimise a prompt on the task of `rft`, with its labelled rows and its number of answers.

    The rows of the supervised start may be shown as examples, the rows that choose the adapter
    choose the prompt, and both are measured on the same messages. An interrupted run resumes.
    """
    settings = read_settings()
    set_up_logs(settings.log, "warning")
    report = measure(settings, rft.RftSizes(), seed, calls)
    print_line(json.dumps(report) if as_json else section(report))


def measure(
    settings: Settings,
    sizes: rft.RftSizes,
    seed: int = 0,
    calls: int | None = None,
    model: LanguageModel | None = None,
) -> dict[str, Any]:
    """Optimises the prompt and returns the report, with the real model or the one given.

    Raises ModelError where the model is away.
    """
    budget = sizes.answers if calls is None else calls
    route = _write_route(settings.data / "training" / f"prompt-search-{seed}" / NAME, sizes, seed)
    start = time.monotonic()
    with real_context(settings, route, model=model) as context:
        result = optimise_prompt(context, route, route.version, "", CallBudget(budget, MAX_USD))
        figures = _figures(context, route, result)
        used = labelled_rows(context, route)

    return figures | {
        "budget": budget,
        "seconds": round(time.monotonic() - start),
        # Rows that say the same as another one are used once.
        "rows": {"shown": len(used.few_shot), "dev": len(used.dev), "test": sizes.tested},
        "seed": seed,
        "date": time.strftime("%Y-%m-%d"),
    }


def _figures(context: Context, route: Route, result: OptimisationResult) -> dict[str, Any]:
    """Returns what was tried, and the shares of the test rows that are right before and after."""
    rows = [row for row in route.rows if row.split == "test"]
    # The search measures its winner on fewer of them, to save calls.
    before = _scores(context, route.version, rows)
    after = before
    if result.version.id != route.version.id:
        after = _scores(context, result.version, rows)

    difference = paired_difference(after, before)
    return {
        "before": sum(before) / len(rows),
        "after": sum(after) / len(rows),
        "gain": difference.gain,
        "gain_ci95": [difference.low, difference.high],
        "tried": dict(result.tried),
        "calls": result.spend.get("calls", 0),
        "notes": list(result.notes),
    }


def _scores(context: Context, version: Version, rows: Sequence[ExampleRow]) -> list[float]:
    """Returns 1 for each row whose two fields are right."""
    return row_scores(version, run_rows(context, version, rows), rows)


def _write_route(folder: Path, sizes: rft.RftSizes, seed: int) -> Route:
    """Writes the task as a route's files and returns the route."""
    front = {
        "name": NAME,
        "description": "Sort a support message into a queue with an urgency.",
        "utterances": ["sort this support message"],
        "kind": "prompt",
        "output": rft.SCHEMA,
        "limits": {"seconds": PATIENT_SECONDS, "output_tokens": rft.OUTPUT_TOKENS, "usd": 0.01},
    }
    folder.mkdir(parents=True, exist_ok=True)
    # JSON is YAML, too.
    text = f"---\n{json.dumps(front)}\n---\n{rft.PROMPT['content']}\n"
    (folder / "route.md").write_text(text, "utf-8")

    train, dev, test = rft.task_rows(sizes, seed)
    lines = []
    for split, rows in (("train", train[: sizes.supervised]), ("dev", dev), ("test", test)):
        for row in rows:
            body = {"text": row["text"], "answer": rft.answer_of(row), "split": split}
            lines.append(json.dumps(body))

    (folder / "examples.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    return read_route(folder)


def section(report: Mapping[str, Any]) -> str:
    """Returns the part of the essay's page."""
    rows, (low, high) = report["rows"], report["gain_ci95"]
    # The first of equal ones was kept.
    best = max(report["tried"], key=lambda name: report["tried"][name])
    return f"""## The same task with a better prompt

`beagle eval prompt_search --json`: the task of *Reinforcement after supervised training*, with the
same {rows["test"]} test messages, for the model as it is with an enforced schema.
{rows["shown"]} labelled rows may be shown as examples, and {rows["dev"]} choose which. As many
calls are allowed as reinforcement wrote answers, {report["budget"]:,}; the search was through after
{report["calls"]}. Instructions are rewritten only where a model that can reflect is set. Seed
{report["seed"]}, {report["date"]}.

| prompt | both fields right |
|---|---|
| without examples | {report["before"]:.1%} |
| best of {len(report["tried"])}: {best} | {report["after"]:.1%} |

The gain is {100 * report["gain"]:+.1f} points ({100 * low:+.1f} to {100 * high:+.1f})."""
