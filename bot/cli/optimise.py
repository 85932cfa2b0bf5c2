"""`beagle optimise`: optimise a route's prompt by hand, as is done for an approved candidate."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from bot.app import catalog, local_model
from bot.cli.job_context import terminal_context
from bot.cli.team_option import Team, choose_team
from bot.cli.terminal import Json, load_data_settings
from bot.console import CleanProgress
from bot.typed_name import typed_name
from router.catalog.catalog import Route
from router.catalog.version import Version
from router.config import Settings
from router.errors import RouteError
from router.store import Store, open_store
from router.text.printable import print_line
from workers.llm.metered import CallBudget
from workers.optimise.search import OptimisationResult, optimise_prompt

PATIENT_SECONDS = 600.0
"""Nobody waits for these answers; a busy machine must not turn slow answers into wrong ones."""


def main(
    route: Annotated[str, typer.Argument(help="A route's name.")],
    calls: Annotated[
        int | None,
        typer.Option(min=0, help="Model calls at most; BEAGLE_OPTIMISE_CALLS if left out."),
    ] = None,
    usd: Annotated[
        float | None, typer.Option(min=0, help="USD at most; BEAGLE_OPTIMISE_USD if left out.")
    ] = None,
    team: Team = None,
    as_json: Json = False,
) -> None:
    """Optimise a route's prompt: few-shot examples, output schema, instructions.

    A workspace's reviewed answers are examples too. A better version is stored in shadow, as the
    workspace's own.
    """
    settings = load_data_settings()
    budget = CallBudget(
        settings.optimise_calls if calls is None else calls,
        settings.optimise_usd if usd is None else usd,
    )
    print_line(optimise_route(settings, route, budget, team, as_json=as_json))


def optimise_route(
    settings: Settings, name: str, budget: CallBudget, team: str | None = None, *, as_json: bool
) -> str:
    """Optimises the route's prompt; returns the attempts and the result as text or JSON.

    A better version is in the store afterwards, in shadow. After an interruption, the same call
    resumes from the replies already paid for. Raises RouteError naming the routes there are.
    """
    routes = catalog(settings)
    if name not in routes.routes:
        known = ", ".join(sorted(routes.routes))
        raise RouteError(f"optimising route {name!r}: there is none; known: {known}")

    settings = settings.model_copy(
        update={"stall_timeout_seconds": PATIENT_SECONDS, "model_timeout_seconds": PATIENT_SECONDS}
    )
    route = routes.routes[name]
    store = open_store(settings.store_url)
    local = None

    try:
        team = choose_team(store, team)
        local = local_model(settings, routes, store)
        live = _live_version(store, team, route)
        with CleanProgress() as bar:
            task = bar.add_task("optimising", total=budget.calls)

            def report(done: int, limit: int) -> None:
                text = f"optimising {name}, call {done} of {limit} at most"
                bar.update(task, description=text, completed=done)

            context = terminal_context(settings, store, local, "optimise")
            result = optimise_prompt(context, route, live, team, budget, report)
    finally:
        if local is not None:
            local.stop()

        store.close()

    if as_json:
        return json.dumps(_as_dict(route, live, result))

    return as_text(route, live, result)


def as_text(route: Route, live: Version, result: OptimisationResult) -> str:
    """Returns each attempt with its dev accuracy, then the comparison with the live version."""
    lines = [f"{route.name} {live.id}"]
    by_share = sorted(result.tried.items(), key=lambda attempt: -attempt[1])
    lines += [f"  {share:6.1%}  {attempt}" for attempt, share in by_share]
    lines += [f"  {note}" for note in result.notes]

    spend = result.spend
    if spend:
        lines.append(
            f"  {spend['calls']} calls, ${spend['usd']:.4f}; "
            f"{spend['resumed']} replies were paid for by an earlier run"
        )

    if result.report is None:
        return "\n".join([*lines, "  nothing beat the live version"])

    body = result.report.body
    gain = body["differences"]["live"]["gain"]
    low, high = body["differences"]["live"]["ci95"]
    verdict = "passed" if body["passed"] else "not passed"
    lines.append(
        f"  version {result.version.id}: {verdict}, {100 * gain:+.1f} points "
        f"({100 * low:+.1f} to {100 * high:+.1f}) against the live one; "
        f"measured on {result.measured_on}"
    )
    lines.append(
        f"  it is in shadow; {typed_name()} routes export {route.name} "
        f"--version {result.version.id} writes it as files"
    )
    return "\n".join(lines)


def _as_dict(route: Route, live: Version, result: OptimisationResult) -> dict[str, object]:
    """Returns the JSON object. Its keys are those of release 0.1, on which scripts rely."""
    return {
        "route": route.name,
        "live": live.id,
        "version": result.version.id,
        "best": result.best_accuracy,
        "tried": dict(result.tried),
        "said": list(result.notes),
        "measured": result.measured_on,
        "spent": dict(result.spend),
        "report": asdict(result.report) if result.report is not None else None,
    }


def _live_version(store: Store, team: str, route: Route) -> Version:
    """Returns the workspace's live version; the file's where nothing has run here yet."""
    stored = store.versions.live(team, route.name)
    if stored is None:
        return route.version

    return Version.model_validate(dict(stored.body))
