"""`beagle optimise`: a route's prompt is made the most of by hand, as it is for an approved candidate."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.progress import Progress

from bot.app import catalog, local_model
from bot.cli.context import by_hand
from router.catalog.catalog import Route
from router.catalog.version import Version
from router.config import Settings
from router.errors import RouteError
from router.store import Store, open_store
from workers.llm.metered import Limits
from workers.optimise.search import Optimised, optimise

PATIENT_SECONDS = 600.0
"""Nobody waits for these answers: a busy machine must not turn slow ones into wrong ones."""


def optimise_now(settings: Settings, name: str, limits: Limits, team: str, *, as_json: bool) -> str:
    """What was tried and what came of it, in words or as one JSON object; a better version is in the store, in shadow.

    Run again after an end of any kind it goes on from what was paid for. Raises RouteError naming
    the routes there are.
    """
    routes = catalog(settings)
    if name not in routes.routes:
        raise RouteError(
            f"optimising route {name!r}: there is none; known: {', '.join(sorted(routes.routes))}"
        )

    settings = settings.model_copy(
        update={"silence_seconds": PATIENT_SECONDS, "model_seconds": PATIENT_SECONDS}
    )
    route, store = routes.routes[name], open_store(settings.store_url)
    local = local_model(settings, routes, store)

    try:
        live = _live(store, route)
        with Progress(transient=True, console=Console(stderr=True)) as bar:
            task = bar.add_task("optimising", total=limits.calls)

            def say(done: int, of: int) -> None:
                bar.update(
                    task,
                    description=f"optimising {name}, call {done} of {of} at most",
                    completed=done,
                )

            found = optimise(
                by_hand(settings, store, local, "optimise"), route, live, team, limits, say
            )

        return json.dumps(_as_json(route, live, found)) if as_json else as_text(route, live, found)
    finally:
        if local is not None:
            local.stop()

        store.close()


def as_text(route: Route, live: Version, found: Optimised) -> str:
    """Each way with its share of right dev rows, then the proof."""
    lines = [f"{route.name} {live.id}"]
    lines += [
        f"  {share:6.1%}  {way}"
        for way, share in sorted(found.tried.items(), key=lambda way: -way[1])
    ]
    lines += [f"  {said}" for said in found.said]

    if found.spent:
        lines.append(
            f"  {found.spent['calls']} calls, ${found.spent['usd']:.4f}; {found.spent['resumed']} were paid for before"
        )

    if found.report is None:
        return "\n".join([*lines, "  nothing beat the live version"])

    body = found.report.body
    gain, (low, high) = body["differences"]["live"]["gain"], body["differences"]["live"]["ci95"]
    lines.append(
        f"  version {found.version.id}: {'passed' if body['passed'] else 'not passed'}, {100 * gain:+.1f} points "
        f"({100 * low:+.1f} to {100 * high:+.1f}) against the live one; measured on {found.measured}"
    )
    lines.append(
        f"  it is in shadow; beagle routes export {route.name} --version {found.version.id} writes it as files"
    )

    return "\n".join(lines)


def _as_json(route: Route, live: Version, found: Optimised) -> dict[str, Any]:
    told: dict[str, Any] = {
        "route": route.name,
        "live": live.id,
        "version": found.version.id,
        "best": found.best,
    }

    told |= {"tried": dict(found.tried), "said": list(found.said), "measured": found.measured}
    return told | {
        "spent": dict(found.spent),
        "report": asdict(found.report) if found.report is not None else None,
    }


def _live(store: Store, route: Route) -> Version:
    """The version that answers; where nothing ever ran here the file's."""
    stored = store.versions.live(route.name)
    return Version.model_validate(dict(stored.body)) if stored is not None else route.version
