"""Compares the demo's tuned route with its prompted base model."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from evals.leave import natural_rows
from evals.tuning.served import Contender, ServedAnswer, Shape, ask_server, compact, serving
from router.catalog.catalog import Route, builtin_routes_folder, read_route
from router.catalog.route_file import ExampleRow
from router.config import read_settings
from router.statistics import mean_interval
from router.text.printable import print_line
from workers.llm.local.server import LocalModelServer
from workers.ports import Message

RULES = """Extract the leave request as JSON.
type: vacation, sick (own health, also appointments), parental, or other (everything else)
from: the first day away in the message's own words, null when it is not said
to: the last day away or how long, in the message's own words, null when neither is said
cover: who takes over the work, null when nobody is named for it"""


def main(
    route: Annotated[
        Path | None, typer.Option(help="The route's folder; the built-in one if left out.")
    ] = None,
    rows: Annotated[int, typer.Option(help="Test rows to ask each contender; 0 for all.")] = 0,
    uncached: Annotated[
        int, typer.Option(help="Rows to ask again with nothing kept in the server's cache.")
    ] = 10,
    shots: int = 24,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object and nothing else.")
    ] = False,
) -> None:
    """Ask the tuned demo route and its prompted base every test row and compare.

    Takes about five minutes on two cores.
    """
    settings = read_settings()
    tuned_route = read_route(route or builtin_routes_folder() / "leave")
    tested = [row for row in tuned_route.rows if row.split == "test"][: rows or None]
    assert tuned_route.adapter is not None
    slots = settings.local_concurrency
    with serving(settings, tuned_route.adapter, slots=slots) as model:
        report = {
            c.name: _measure(model, c, tuned_route, tested, uncached)
            for c in contenders(tuned_route, shots)
        }

    print_line(json.dumps({"rows": len(tested), **report}) if as_json else _table(report))


def contenders(route: Route, shots: int) -> list[Contender]:
    """Returns the base model without and with examples, and the adapter with and without schema."""
    rules: Message = {"role": "system", "content": RULES}
    answered = [row for row in route.rows if row.split == "train" and row.answer is not None]
    examples = answered[:shots]
    turns: list[Message] = []

    for row in examples:
        turns.append({"role": "user", "content": row.text})
        turns.append({"role": "assistant", "content": compact(row.answer)})

    brief: list[Message] = [{"role": "system", "content": route.version.prompt}]
    return [
        Contender("zero-shot", [rules], tuned=False),
        Contender(f"{shots}-shot", [rules, *turns], tuned=False),
        Contender("tuned", brief, tuned=True),
        Contender("tuned, no schema", brief, tuned=True, schema=False),
    ]


def _measure(
    model: LocalModelServer,
    contender: Contender,
    route: Route,
    rows: Sequence[ExampleRow],
    uncached: int,
) -> dict[str, Any]:
    shape = Shape(route.version.output, route.version.limits.output_tokens)
    ask_server(model, contender, shape, "warm up", use_cache=True)
    answers = [ask_server(model, contender, shape, row.text, use_cache=True) for row in rows]
    uncached_answers = [
        ask_server(model, contender, shape, row.text, use_cache=False) for row in rows[:uncached]
    ]
    data = [answer.answer for answer in answers]
    expected = [row.answer for row in rows]
    right = np.array([a == b for a, b in zip(data, expected, strict=True)], dtype=float)
    by_hand = {row["text"] for row in natural_rows()}
    is_by_hand = np.array([row.text in by_hand for row in rows])

    uncached_ms = None
    if uncached_answers:
        uncached_ms = _median_ms(uncached_answers, lambda answer: answer.cpu_seconds)

    return {
        "exact": float(right.mean()),
        "ci95": list(mean_interval(right.tolist())),
        "exact_by_hand": float(right[is_by_hand].mean()) if is_by_hand.any() else None,
        "exact_made_up": float(right[~is_by_hand].mean()) if (~is_by_hand).any() else None,
        "field_f1": _field_f1(data, expected),
        "json": (len(data) - data.count(None)) / len(data),
        "prompt_tokens": float(np.mean([s.prompt_tokens for s in answers])),
        "output_tokens": float(np.mean([s.output_tokens for s in answers])),
        "cpu_ms": _median_ms(answers, lambda answer: answer.cpu_seconds),
        "wall_ms": _median_ms(answers, lambda answer: answer.wall_seconds),
        "cpu_ms_uncached": uncached_ms,
    }


def _median_ms(answers: Sequence[ServedAnswer], seconds: Callable[[ServedAnswer], float]) -> float:
    return round(1000 * float(np.median([seconds(s) for s in answers])), 1)


def _field_f1(answers: Sequence[Mapping[str, Any] | None], right: Sequence[Any]) -> float:
    """Returns micro F1 over all non-null fields; a field counts only if it is equal."""
    answered = wanted = hits = 0
    for answer, best in zip(answers, right, strict=True):
        fields = answer or {}
        answered += sum(value is not None for value in fields.values())

        for name, value in best.items():
            if value is not None:
                wanted += 1
                hits += fields.get(name) == value

    if not answered + wanted:
        return 1.0

    return 2 * hits / (answered + wanted)


def _table(report: Mapping[str, Mapping[str, Any]]) -> str:
    columns = list(next(iter(report.values())))
    lines = [" | ".join(["contender", *columns])]

    for name, values in report.items():
        lines.append(" | ".join([name, *(_cell(values[column]) for column in columns)]))

    return "\n".join(lines)


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return "-".join(f"{part:.3f}" for part in value)
    return f"{value:.3f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
