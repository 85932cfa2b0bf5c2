"""The prompting ladder: adds one technique at a time to a route and measures each."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from evals.routes.ladder_chart import chart
from evals.routes.ladder_rungs import rungs
from evals.routes.route_runs import find_route, labelled_rows, real_context
from router.catalog.catalog import Route
from router.catalog.route_file import ExampleRow
from router.catalog.version import Version
from router.config import read_settings
from router.log import set_up_logs
from router.text.printable import counted, print_line
from workers.context import Context
from workers.evaluation.run import RowResult, run_rows, summarise
from workers.prompting.structured_output import AnswerShapeError, parse_answer


def main(
    name: Annotated[
        str, typer.Argument(help="A structured route's name, or the path of its folder.")
    ],
    rows: Annotated[int, typer.Option(help="At most so many test rows; 0 for all.")] = 0,
    picture: Annotated[
        Path | None, typer.Option("--chart", help="Write a chart to this SVG file.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object and nothing else.")
    ] = False,
) -> None:
    """Measure zero-shot, rules, examples, reasoning, schema, votes and tuning in turn."""
    settings = read_settings()
    set_up_logs(settings.log, "warning")
    route = find_route(name, settings, all_tiers=True)
    tests, devs = labelled_rows(route, "test")[: rows or None], labelled_rows(route, "dev")
    rung_figures = []

    with real_context(settings, route) as context:
        for figures in climb(context, route, devs, tests):
            rung_figures.append(figures)
            print_line(
                f"{figures['name']}: {figures['accuracy']:.1%} of {counted(len(tests), 'row')}",
                file=sys.stderr,
            )

    report = {
        "route": route.name,
        "model": settings.model,
        "rows": len(tests),
        "rungs": rung_figures,
    }
    if picture is not None:
        picture.write_text(chart(report), "utf-8")

    print_line(json.dumps(report) if as_json else table(report))


def climb(
    context: Context, route: Route, devs: Sequence[ExampleRow], tests: Sequence[ExampleRow]
) -> Iterator[dict[str, Any]]:
    """Yields the figures of each rung on the test rows.

    Each rung builds on the best one below it. Whether a technique is kept is decided on the dev
    rows alone.
    """
    kept, best = route.version, -1.0
    for rung in rungs(route):
        version = rung.add(kept)
        dev = summarise(route.version, _run(context, route, version, devs))["accuracy"]
        stays = rung.always or dev >= best
        test = summarise(route.version, _run(context, route, version, tests))
        yield {"name": rung.name, "version": version.id, "kept": stays, "dev_accuracy": dev, **test}

        if stays:
            kept, best = version, dev


def table(report: Mapping[str, Any]) -> str:
    """Returns the report as a Markdown table."""
    lines = [
        f"{report['route']} with {report['model']}, {report['rows']} test rows",
        "",
        "| rung | accuracy (95 %) | valid | prompt tokens | cost a request | p50 | kept |",
        "|---|---|---|---|---|---|---|",
    ]
    for rung in report["rungs"]:
        low, high = rung["ci95"]
        tokens = sum(
            count for name, count in rung["tokens"].items() if name not in ("output", "cached")
        )
        kept = "yes" if rung["kept"] else "no"
        lines.append(
            f"| {rung['name']} | {rung['accuracy']:.1%} ({low:.0%} to {high:.0%}) "
            f"| {rung['schema_valid']:.0%} | "
            f"{tokens:.0f} | ${rung['usd']:.6f} | {rung['p50_ms'] / 1000:.2f} s | {kept} |"
        )

    return "\n".join(lines)


def _run(
    context: Context, route: Route, version: Version, rows: Sequence[ExampleRow]
) -> list[RowResult]:
    """Runs a version. Without a schema, the JSON in its text is read as the answer."""
    results = run_rows(context, version, rows)
    if version.output is not None:
        return results

    return [_parsed(result, route.version.output or {}) for result in results]


def _parsed(result: RowResult, output: Mapping[str, Any]) -> RowResult:
    if result.outcome is None:
        return result

    text = result.outcome.text
    try:
        data = parse_answer(text[text.find("{") : text.rfind("}") + 1], output)
    except AnswerShapeError as error:
        return replace(result, outcome=None, error=str(error), discarded=result.outcome)

    return replace(result, outcome=replace(result.outcome, data=data))
