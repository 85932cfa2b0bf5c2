"""Evaluates a draft: what it would answer, how often that is right, and what it does to routing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from router.catalog.catalog import Catalog, Route
from router.catalog.lint import lint_routes
from router.catalog.route_file import ExampleRow
from router.catalog.version import Version
from router.errors import ModelError
from router.store.versions.drafted_routes import DraftedRoute, DraftText
from router.store.weekly.datasets import Report
from router.types import Candidate
from workers.context import Context
from workers.drafting.answer_doubts import doubts_of
from workers.drafting.answer_findings import answer_findings, judgement
from workers.drafting.routing_check import (
    RoutingCheck,
    RoutingComparison,
    check_routing,
    least_harmful,
    lighter_drafts,
)
from workers.evaluation.compare import report_id
from workers.evaluation.paired import scores_by_row
from workers.evaluation.run import RowResult, run_rows, summarise
from workers.readiness.thresholds import changed_settings

MAX_MEASURED = 20
"""Test requests that are answered: each takes a model call, and an admin waits."""
PREVIEWS = 3
PREVIEW_LIMIT = 600
DAYS_PER_MONTH = 30.0
MINED_DAYS = 28.0


@dataclass(frozen=True, slots=True)
class Evaluated:
    """The draft with its previews, and what was found.

    `passed` is whether nothing forbids to start it; it does not say that its answers are right.

    `report` is None where nobody's right answers are known. `open_points` are warnings of the lint.
    `monthly` has the requests of a month and what they would cost in USD, `failures` the kinds of
    what did not pass: `no_answer`, `format`, `routing`.
    """

    drafted: DraftedRoute
    report: Report | None
    passed: bool
    reasons: tuple[str, ...]
    routing: RoutingCheck
    open_points: tuple[str, ...]
    monthly: Mapping[str, float]
    failures: tuple[str, ...]


def evaluate_draft(
    context: Context,
    candidate: Candidate,
    drafted: DraftedRoute,
    version: Version,
    on_row: Callable[[int, int], None],
) -> Evaluated:
    """Returns the report of the draft. Stores nothing.

    Its test requests are answered as people would be. Where routing of the other routes suffers,
    lighter drafts are tried. Raises ModelError while no model answers.
    """
    rows = _measured_rows(drafted, version)
    results = run_rows(context, version, rows, on_row)
    if results and all(result.unavailable for result in results):
        raise ModelError(f"trying the draft {drafted.name!r}: no row was answered", retry=True)

    catalog = context.routes_of(candidate.team, without=drafted.name)
    drafted, routing = _checked_routing(context, catalog, drafted, version)
    figures = summarise(version, results)
    asked = [result.row.text for result in results]
    doubts = doubts_of(version, asked, [result.outcome for result in results])
    answers = answer_findings(version, results, figures, doubts)
    failures = tuple(finding.failure for finding in answers if finding.failure)
    if not routing.passed:
        failures += ("routing",)

    passed = not failures
    reasons = (*(finding.text for finding in answers), *_routing_reasons(routing))
    report = None
    if any(result.row.answer is not None for result in results):
        body = _body(context, version, figures, results, passed, reasons)
        now = context.now()
        report = Report(candidate.team, report_id(body), drafted.name, version.id, "", body, now)

    requests = candidate.evidence.count / MINED_DAYS * DAYS_PER_MONTH
    return Evaluated(
        drafted=replace(drafted, previews=_previews(results, drafted, doubts)),
        report=report,
        passed=passed,
        reasons=reasons,
        routing=routing,
        open_points=_open_points(drafted.as_route(version)),
        monthly={"requests": round(requests), "usd": round(requests * figures["usd"], 4)},
        failures=failures,
    )


def recheck_routing(context: Context, team: str, name: str) -> RoutingCheck | None:
    """Returns what the route does to the others as they are now; None if it is no drafted one."""
    drafted = context.store.drafted_routes.get(team, name)
    if drafted is None:
        return None

    version = context.exact_version(team, name, drafted.version)
    catalog = context.routes_of(team, without=name)
    excluded = context.store.opt_outs.for_team(team)
    settings = context.settings
    return check_routing(
        catalog,
        drafted.as_route(version, excluded),
        context.encoder,
        settings.seed,
        settings.false_reject,
    )


def _checked_routing(
    context: Context, catalog: Catalog, drafted: DraftedRoute, version: Version
) -> tuple[DraftedRoute, RoutingCheck]:
    """Returns the fullest draft by which other routes lose nothing, else the least harmful one.

    Each is checked by a whole router, so lighter ones are tried only where it is needed.
    """
    settings = context.settings
    comparison = RoutingComparison(catalog, context.encoder, settings.seed, settings.false_reject)
    drafts = lighter_drafts(drafted)
    texts = (*drafted.utterances, *drafted.rows)
    asked = [part.text for part in texts if part.user and part.text.strip()]
    return least_harmful(
        (draft, comparison.check(draft.as_route(version), asked)) for draft in drafts
    )


def _measured_rows(drafted: DraftedRoute, version: Version) -> list[ExampleRow]:
    """Returns the rows to answer: test rows with a right answer, else what was asked."""
    route = drafted.as_route(version)
    tests = [row for row in route.rows if row.split == "test"]
    answered = [row for row in tests if row.answer is not None]
    if answered:
        return answered[:MAX_MEASURED]

    # An example that Beagle worded is the person's in other words: its answer would be a repeat.
    theirs = [part.text for part in drafted.utterances if part.user and part.text.strip()]
    asked = [ExampleRow(text=text, split="test") for text in theirs or route.utterances]
    return (tests or asked)[:PREVIEWS]


def _body(
    context: Context,
    version: Version,
    figures: Mapping[str, Any],
    results: Sequence[RowResult],
    passed: bool,
    reasons: Sequence[str],
) -> dict[str, Any]:
    """Returns the report's body, in the form of every other version's."""
    return {
        "rows": len(results),
        "kinds": {"new": version.kind},
        "versions": {"new": version.id},
        "figures": {"new": {**figures, "usd_uncached": None, "usd_cached": None}},
        "differences": {},
        "against": "",
        "forgetting": None,
        "scores": scores_by_row(version, results),
        "bill": {},
        "passed": passed,
        "reasons": list(reasons),
        "settings": changed_settings(context.settings),
    }


def _routing_reasons(routing: RoutingCheck) -> tuple[str, ...]:
    lines = [
        judgement(
            f"with it {routing.after:.1%} of {routing.others} held-out messages of the other "
            f"routes are routed right, without it {routing.before:.1%} (half a point may be lost)",
            passed=routing.passed,
        ),
    ]
    if routing.losers and not routing.passed:
        names = ", ".join(f"{route} ({count})" for route, count in routing.losers)
        lines.append(f"These routes lose messages: {names}")
    if routing.own_count:
        own = f"{routing.own:.0%} of its own {routing.own_count} held-out requests are routed to it"
        lines.append(own)

    return tuple(lines)


def _open_points(route: Route) -> tuple[str, ...]:
    results = lint_routes(Catalog({route.name: route}))
    return tuple(warning for result in results for warning in result.warnings)


def _previews(
    results: Sequence[RowResult], drafted: DraftedRoute, doubts: Mapping[int, Sequence[str]]
) -> tuple[DraftText, ...]:
    """Returns the first requests with the answer that each would get, and doubts about it."""
    origins = {part.text: part for part in (*drafted.rows, *drafted.utterances)}
    previews = []
    for index, result in enumerate(results[:PREVIEWS]):
        origin = origins[result.row.text]
        answer = result.error or ""
        if result.outcome is not None:
            answer = result.outcome.text

        preview = replace(
            origin, answer=answer[:PREVIEW_LIMIT], doubts="; ".join(doubts.get(index, ()))
        )
        previews.append(preview)

    return tuple(previews)
