"""Measures a tier on its route's rows: quality from the first day, and checks to trust."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from router.catalog.catalog import Route
from router.catalog.installed import installed_routes
from router.catalog.route_file import ExampleRow
from router.catalog.version import Version
from router.log import get_log
from router.types import INSTALLATION, Example
from workers.cascade.checks import ScoredAnswer, calibrate_checks
from workers.cascade.signals import AnswerFacts, signals_of
from workers.context import Context
from workers.evaluation.metrics import ScoringRule, score, scoring_rule
from workers.evaluation.run import RowResult, answer_of, run_rows

QUEUE = "compute"
BACKGROUND = True
"""Until it has been measured, a tier is not the first to answer."""

MAX_ROWS = 200
"""Rows of a split that are answered, evenly from all of them."""


def run(context: Context, key: str) -> None:
    """Measures the version of key `route/version` and stores what it reached.

    Running it twice is safe: a version that has been measured is left alone. One that the route's
    file does not declare any more is not measured.
    """
    name, _, version_id = key.partition("/")
    route = installed_routes(context.settings).routes.get(name)
    declared = {tier.version.id: tier.version for tier in route.tiers} if route else {}
    known = context.store.quality.measurements(INSTALLATION, name, [version_id])
    if route is None or version_id not in declared or version_id in known:
        return

    body = measure(context, route, declared[version_id])
    if not body["rows"] and body["unavailable"]:
        # Stored, it would never be measured; the bot asks again.
        get_log(job="measure_tier").warning("tier_unmeasured", route=name, version=version_id)
        return

    context.store.quality.store_measurement(INSTALLATION, name, version_id, body, context.now())
    get_log(job="measure_tier").info(
        "tier_measured",
        route=name,
        version=version_id,
        rows=len(body["rows"]),
        quality=body["quality"],
        checks=sorted(body["checks"]["least"]),
        usd=round(body["usd"], 6),
    )


def measure(context: Context, route: Route, version: Version) -> dict[str, Any]:
    """Returns the measurement: checks from the dev rows, and how each test row was answered.

    It stops at the budget of the settings; what it has by then counts.
    """
    rule = scoring_rule(version.output, route.rows)
    budget = context.settings.measure_usd
    dev, spent, away = _run_split(context, version, _rows(route, "dev"), budget)
    answers = [ScoredAnswer(_signals(version, result), _score(result, rule)) for result in dev]
    checks = calibrate_checks(answers)

    test, spent_on_test, away_on_test = _run_split(
        context, version, _rows(route, "test"), budget - spent
    )
    rows: list[list[object]] = []
    values: list[float] = []
    for result in test:
        stood = result.outcome is not None and not checks.failed(_signals(version, result))
        example = Example(result.row.text, route.name, result.row.answer, result.row.split)
        value = round(_score(result, rule), 4)
        rows.append([example.id, value, stood, round(result.billed.usd, 8)])

        values.append(value)

    return {
        "rows": rows,
        "checks": checks.as_json(),
        "quality": sum(values) / len(values) if values else None,
        "usd": spent + spent_on_test,
        "unavailable": away + away_on_test,
    }


def _run_split(
    context: Context, version: Version, rows: Sequence[ExampleRow], budget: float
) -> tuple[list[RowResult], float, int]:
    """Returns the results within the budget, their USD, and the rows where the model was away."""
    results: list[RowResult] = []
    spent, away = 0.0, 0
    for row in rows:
        if spent > budget:
            break

        result = run_rows(context, version, [row], with_signals=True)[0]
        spent += result.billed.usd
        if result.unavailable:
            away += 1
        else:
            results.append(result)

    return results, spent, away


def _rows(route: Route, split: str) -> list[ExampleRow]:
    rows = [row for row in route.rows if row.split == split and row.answer is not None]
    if len(rows) <= MAX_ROWS:
        return rows

    return [rows[number * len(rows) // MAX_ROWS] for number in range(MAX_ROWS)]


def _signals(version: Version, result: RowResult) -> dict[str, float]:
    if result.outcome is None:
        return {}

    return signals_of(AnswerFacts(version, result.row.text, result.outcome, result.signals))


def _score(result: RowResult, rule: ScoringRule) -> float:
    return score(rule, answer_of(result, rule), result.row.answer)
