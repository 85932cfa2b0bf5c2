"""Measures one version of a route on the test rows of its examples."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.cli.team_option import Team, choose_team
from bot.cli.terminal import load_data_settings
from evals.routes.route_runs import DOCUMENTS, find_route, labelled_rows, real_context
from router.catalog.catalog import Route
from router.catalog.version import Version
from router.config import read_settings
from router.errors import ModelError, RouteError
from router.log import set_up_logs
from router.store import open_store
from router.text.printable import counted, print_line
from workers.evaluation.run import RowResult, run_rows, summarise


def main(
    name: Annotated[str, typer.Argument(help="A route's name, or the path of its folder.")],
    version: Annotated[
        str, typer.Option(help="A version's id; the file as it stands if left out.")
    ] = "",
    team: Team = None,
    split: Annotated[str, typer.Option(help="Which rows: test or dev.")] = "test",
    documents: Annotated[
        Path,
        typer.Option(
            "--docs", help="The folder that it may search; the demo's handbook if left out."
        ),
    ] = DOCUMENTS,
    rows: Annotated[int, typer.Option(help="At most so many rows; 0 for all.")] = 0,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object and nothing else.")
    ] = False,
) -> None:
    """Run a route on its test rows: accuracy, schema validity, tokens, cost and latency."""
    settings = read_settings()
    set_up_logs(settings.log, "warning")
    route = find_route(name, settings)
    rows_to_run = labelled_rows(route, split)[: rows or None]
    chosen = route.version
    if version:
        chosen = _stored_version(load_data_settings().store_url, team, route, version)

    with real_context(settings, route, documents) as context:
        results = run_rows(context, chosen, rows_to_run)
        model = settings.model

    _check_model(results)
    report = {
        "route": route.name,
        "version": chosen.id,
        "kind": chosen.kind,
        "model": model,
        **summarise(chosen, results),
    }

    print_line(json.dumps(report) if as_json else as_text(report))


def _check_model(results: Sequence[RowResult]) -> None:
    """Raises ModelError where every row failed: that says something of the model, not the route."""
    reasons = {result.error for result in results if result.error is not None}
    if all(result.error is not None for result in results):
        raise ModelError(
            f"measuring a route: no row of {len(results)} was answered, so there is no accuracy: "
            f"{sorted(reasons)[0]}"
        )

    for reason in sorted(reasons):
        print_line(f"a row failed: {reason}", file=sys.stderr)


def as_text(report: dict[str, Any]) -> str:
    """Returns the report for a terminal."""
    low, high = report["ci95"]
    parts = ", ".join(f"{name} {count:.0f}" for name, count in report["tokens"].items() if count)
    lines = [
        f"{report['route']} {report['version']} "
        f"({report['kind']}, {report['model']}), {counted(report['rows'], 'row')}",
        f"  accuracy      {report['accuracy']:.1%}  "
        f"(95 % interval {low:.1%} to {high:.1%}; {report['metric']})",
        *(f"    {name:12}{share:.1%}" for name, share in report["fields"].items()),
        f"  schema valid  {report['schema_valid']:.1%}  ({counted(report['errors'], 'error')})",
        f"  tokens        {parts}",
        f"  cost          ${report['usd']:.6f} a request",
        f"  latency       half within {report['p50_ms']:.0f} ms, "
        f"95 of 100 within {report['p95_ms']:.0f} ms",
    ]

    return "\n".join(lines)


def _stored_version(url: str, team: str | None, route: Route, version: str) -> Version:
    store = open_store(url)
    try:
        team = choose_team(store, team)
        stored = store.versions.get(team, route.name, version)
        known = [entry.id for entry in store.versions.for_route(team, route.name)]
    finally:
        store.close()

    if stored is None:
        raise RouteError(
            f"measuring route {route.name!r}: the store has no version {version!r}; "
            f"known: {', '.join(known) or 'none'}"
        )

    return Version.model_validate(dict(stored.body))
