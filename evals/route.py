"""Measures one version of a route on the test rows of its examples."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any

import numpy as np
import typer

from evals.route_runs import Ran, find_route, real_context, run_rows
from evals.route_score import Rule, correct, field_scores, interval, rule_of
from router.catalog import Route
from router.config import read_settings
from router.errors import RouteError
from router.log import set_up_logs
from router.route_file import Row
from router.store import open_store
from router.types import Tokens
from router.version import Version


def main(
    name: Annotated[str, typer.Argument(help="A route's name, or the path of its folder.")],
    version: Annotated[str, typer.Option(help="A version's id; the file as it stands if left out.")] = "",
    split: Annotated[str, typer.Option(help="Which rows: test or dev.")] = "test",
    rows: Annotated[int, typer.Option(help="At most so many rows; 0 for all.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """Run a route on its test rows: accuracy with its 95 % interval, schema validity, tokens, cost, latency."""
    settings = read_settings()
    set_up_logs(settings.log, "warning")
    route = find_route(name, settings)
    asked = measured_rows(route, split)[: rows or None]
    chosen = _stored(settings.store_url, route, version) if version else route.version
    with real_context(settings, route) as context:
        ran = run_rows(context, chosen, asked)
        model = settings.model
    report = {"route": route.name, "version": chosen.id, "kind": chosen.kind, "model": model, **summary(chosen, ran)}
    sys.stdout.write((json.dumps(report) if as_json else in_words(report)) + "\n")


def measured_rows(route: Route, split: str) -> list[Row]:
    """The rows of a split that say what is right. Raises RouteError when there are none."""
    found = [row for row in route.rows if row.split == split and row.answer is not None]
    if not found:
        raise RouteError(
            f"measuring route {route.name!r}: examples.jsonl has no {split!r} row with an answer; "
            f'add lines like {{"text": …, "answer": …, "split": "{split}"}}'
        )
    return found


def summary(version: Version, ran: Sequence[Ran]) -> dict[str, Any]:
    """The figures of a run; shares lie in 0-1, tokens and USD are means per request, latencies in milliseconds."""
    rule = rule_of(version.output, [one.row for one in ran])
    right = [correct(rule, said(one, rule), one.row.answer) for one in ran]
    tokens = _mean_tokens(ran)
    milliseconds = [one.seconds * 1000 for one in ran]
    return {
        "rows": len(ran),
        "metric": rule.metric,
        "accuracy": float(np.mean(right)),
        "ci95": list(interval(right)),
        "fields": _fields(rule, ran),
        "schema_valid": sum(one.outcome is not None for one in ran) / len(ran),
        "errors": sum(one.error is not None for one in ran),
        "tokens": tokens,
        "usd": float(np.mean([one.outcome.usd if one.outcome else 0.0 for one in ran])),
        "p50_ms": float(np.quantile(milliseconds, 0.5)),
        "p95_ms": float(np.quantile(milliseconds, 0.95)),
    }


def in_words(report: dict[str, Any]) -> str:
    """The report for a terminal."""
    low, high = report["ci95"]
    parts = ", ".join(f"{name} {count:.0f}" for name, count in report["tokens"].items() if count)
    lines = [
        f"{report['route']} {report['version']} ({report['kind']}, {report['model']}), {report['rows']} rows",
        f"  accuracy      {report['accuracy']:.1%}  (95 % interval {low:.1%} to {high:.1%}; {report['metric']})",
        *(f"    {name:12}{share:.1%}" for name, share in report["fields"].items()),
        f"  schema valid  {report['schema_valid']:.1%}  ({report['errors']} errors)",
        f"  tokens        {parts}",
        f"  cost          ${report['usd']:.6f} a request",
        f"  latency       p50 {report['p50_ms']:.0f} ms, p95 {report['p95_ms']:.0f} ms",
    ]
    return "\n".join(lines)


def said(one: Ran, rule: Rule) -> Any:
    """What counts as the answer of a row: its data, or its text where the route has no schema; None after an error."""
    if one.outcome is None:
        return None
    return one.outcome.text if rule.exact is None else one.outcome.data


def _fields(rule: Rule, ran: Sequence[Ran]) -> dict[str, float]:
    scores = [field_scores(rule, said(one, rule), one.row.answer) for one in ran]
    return {name: float(np.mean([score[name] for score in scores])) for name in (scores[0] if scores else {})}


def _mean_tokens(ran: Sequence[Ran]) -> dict[str, float]:
    total = sum((one.outcome.tokens for one in ran if one.outcome), Tokens())
    return {name: count / len(ran) for name, count in asdict(total).items()}


def _stored(url: str, route: Route, version: str) -> Version:
    store = open_store(url)
    try:
        found = store.versions.get(route.name, version)
        known = [one.id for one in store.versions.of(route.name)]
    finally:
        store.close()
    if found is None:
        raise RouteError(
            f"measuring route {route.name!r}: the store has no version {version!r}; known: {', '.join(known) or 'none'}"
        )
    return Version.model_validate(dict(found.body))
