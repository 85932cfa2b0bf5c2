"""`beagle report`: the evaluation report of a version, as Markdown or JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import closing
from typing import Annotated

import typer

from bot.app import catalog
from bot.cli.team_option import Team, choose_team
from bot.cli.terminal import Json, load_data_settings
from router.config import Settings
from router.errors import RouteError
from router.store import open_store
from router.text.printable import print_line
from workers.evaluation.report_markdown import report_markdown


def main(
    name: Annotated[str, typer.Argument(help="A route's name.")],
    version: Annotated[
        str, typer.Argument(help="A version's id; the newest evaluated one if left out.")
    ] = "",
    team: Team = None,
    as_json: Json = False,
) -> None:
    """Print how a version compares with the live one: accuracy, cost, interference, verdict."""
    print_line(render_report(load_data_settings(), name, version, team, as_json=as_json))


def render_report(
    settings: Settings, route: str, version: str, team: str | None = None, *, as_json: bool
) -> str:
    """Returns the workspace's newest report of that version, or of the route.

    Raises RouteError when there is no such route or nothing was measured yet, InputError when it
    must be said which workspace.
    """
    with closing(open_store(settings.store_url)) as store:
        team = choose_team(store, team)
        report = store.datasets.newest_report(team, route, version)
        if report is None:
            known = store.drafted_routes.joined(team, catalog(settings)).routes
            raise RouteError(_missing(route, version, sorted(known)))

    if as_json:
        head = {"id": report.id, "route": report.route, "version": report.version}
        return json.dumps(head | dict(report.body))

    return report_markdown(report.route, report.version, report.body)


def _missing(route: str, version: str, known: Sequence[str]) -> str:
    """Returns why there is no report: no such route, or nothing that was measured."""
    if route not in known:
        return f"reading the report of {route!r}: there is no such route; known: {', '.join(known)}"

    which = f"version {version!r} of {route!r}" if version else repr(route)
    return (
        f"reading the report of {which}: nothing was measured yet; a report is made once a "
        "candidate's version is trained, see /beagle rollout"
    )
