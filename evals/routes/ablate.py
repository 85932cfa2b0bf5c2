"""Rule ablation: measures a route's prompt without each of its rules in turn."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
import typer

from evals.routes.route_runs import route_on_rows
from evals.routes.rule_scores import row_scores, rule_texts, without_rule
from router.catalog.catalog import Route
from router.catalog.route_file import ExampleRow
from router.statistics import paired_difference
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
    """Measure a route without each of its rules in turn.

    A rule whose removal costs nothing may be dropped.
    """
    with route_on_rows(name, split, rows) as (context, route, tested):
        report = {"route": route.name, "rows": len(tested), **ablate(context, route, tested)}

    print_line(json.dumps(report) if as_json else table(report))


def ablate(context: Context, route: Route, rows: Sequence[ExampleRow]) -> dict[str, Any]:
    """Returns `accuracy` with all rules and `rules`, the most important first.

    `loss` is what accuracy falls by without a rule, `ci95` its paired interval, `p` the
    exact sign test's p-value. Raises RouteError where the prompt has no rules.
    """
    texts = rule_texts(route)
    rule = scoring_rule(route.version.output, rows)
    whole = row_scores(context, route.version, rows, rule)
    losses = []

    for text in texts:
        without = row_scores(
            context,
            route.version.with_changes(prompt=without_rule(route.version.prompt, text)),
            rows,
            rule,
        )

        loss = paired_difference(whole, without)
        losses.append({"rule": text, "loss": loss.gain, "ci95": [loss.low, loss.high], "p": loss.p})

    return {
        "accuracy": float(np.mean(whole)),
        "rules": sorted(losses, key=lambda entry: -float(str(entry["loss"]))),
    }


def table(report: dict[str, Any]) -> str:
    """Returns the report for a terminal, the rules that matter most first."""
    lines = [
        f"{report['route']}: accuracy {report['accuracy']:.1%} with every rule, "
        f"{report['rows']} rows"
    ]
    for entry in report["rules"]:
        low, high = entry["ci95"]
        lines.append(f"  {entry['loss']:+7.1%}  ({low:+.1%} to {high:+.1%})  {entry['rule']}")

    return "\n".join(lines)
