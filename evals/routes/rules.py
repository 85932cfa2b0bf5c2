"""The tower of rules: whether a route's rules are still obeyed as more of them are added."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer

from evals.routes.route_runs import route_on_rows
from evals.routes.rule_scores import row_scores, rule_texts, without_rule
from router.catalog.catalog import Route
from router.catalog.route_file import ExampleRow
from router.catalog.rules import shares_content
from router.catalog.version import Version
from router.statistics import SIGNIFICANCE, mean_interval, paired_difference
from router.text.printable import print_line
from workers.context import Context
from workers.evaluation.metrics import scoring_rule


def main(
    name: Annotated[str, typer.Argument(help="A route's name, or the path of its folder.")],
    split: Annotated[str, typer.Option(help="Which rows; dev keeps the test rows unseen.")] = "dev",
    rows: Annotated[int, typer.Option(help="At most so many rows; 0 for all.")] = 0,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object and nothing else.")
    ] = False,
) -> None:
    """Measure a route while its rules are added one by one.

    A rule that later ones have pushed aside is marked; then the command fails, as a test would.
    """
    with route_on_rows(name, split, rows) as (context, route, tested):
        report = {
            "route": route.name,
            "model": context.settings.model,
            "rows": len(tested),
            **tower(context, route, tested),
        }

    print_line(json.dumps(report) if as_json else as_text(report))
    raise typer.Exit(1 if any(rule["lost"] for rule in report["rules"]) else 0)


def tower(
    context: Context,
    route: Route,
    rows: Sequence[ExampleRow],
    on_version: Callable[[int, int], None] = lambda _done, _of: None,
) -> dict[str, Any]:
    """Returns `tower`, the accuracy with the first 0, 1, … rules, and `rules`, how each one fares.

    A rule is measured on the rows that share a content word with it: `first` is their accuracy once
    it is added, `last` with every rule; `lost` where it fell by more than chance, by the exact test
    on the same rows. Raises RouteError where the prompt has no rules.
    """
    texts = rule_texts(route)
    rule = scoring_rule(route.version.output, rows)
    levels = []
    for count in range(len(texts) + 1):
        version = _with_first(route.version, texts, count)
        levels.append(row_scores(context, version, rows, rule))
        on_version(count + 1, len(texts) + 1)

    floors = []
    for count, scores in enumerate(levels):
        low, high = mean_interval(scores)
        mean = sum(scores) / len(scores)
        floors.append({"rules": count, "accuracy": mean, "ci95": [low, high]})

    obeyed = []
    for number, text in enumerate(texts, 1):
        own = [index for index, row in enumerate(rows) if _is_about(row, text)]
        first = [levels[number][index] for index in own]
        last = [levels[-1][index] for index in own]
        obeyed.append({"rule": text, "rows": len(own), **_change(first, last)})

    return {"tower": floors, "rules": obeyed}


def as_text(report: dict[str, Any]) -> str:
    """Returns the report for a terminal: the tower, then its rules."""
    lines = [f"{report['route']} ({report['model']}), {report['rows']} rows"]
    for floor in report["tower"]:
        low, high = floor["ci95"]
        lines.append(
            f"  {floor['rules']:3} rules  {floor['accuracy']:6.1%}  ({low:.1%} to {high:.1%})"
        )

    for number, rule in enumerate(report["rules"], 1):
        if not rule["rows"]:
            lines.append(f"  rule {number}: no row is about it  {rule['rule']}")
            continue

        mark = "LOST " if rule["lost"] else "     "
        lines.append(
            f"  {mark}rule {number}: {rule['first']:.1%} when added, {rule['last']:.1%} with all, "
            f"{rule['rows']} rows, exact p = {rule['p']:.2g}  {rule['rule']}"
        )

    return "\n".join(lines)


def _with_first(version: Version, texts: Sequence[str], count: int) -> Version:
    """Returns the version with its first `count` rules only."""
    prompt = version.prompt
    for text in texts[count:]:
        prompt = without_rule(prompt, text)

    return version.with_changes(prompt=prompt)


def _is_about(row: ExampleRow, rule: str) -> bool:
    return shares_content(rule, f"{row.text} {row.thread} {row.answer}")


def _change(first: Sequence[float], last: Sequence[float]) -> dict[str, Any]:
    """Returns both accuracies (None without rows), the difference, and whether it is a loss."""
    if not first:
        return {"first": None, "last": None, "ci95": [-1.0, 1.0], "p": 1.0, "lost": False}

    change = paired_difference(last, first)
    return {
        "first": sum(first) / len(first),
        "last": sum(last) / len(last),
        "ci95": [change.low, change.high],
        "p": change.p,
        "lost": change.gain < 0 and change.p < SIGNIFICANCE,
    }
