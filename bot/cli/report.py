"""`beagle report`: the evaluation report of a version, as Markdown or JSON."""

from __future__ import annotations

import json
from typing import Annotated

import typer

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

    Raises RouteError when nothing was evaluated yet, InputError when it must be said which
    workspace.
    """
    store = open_store(settings.store_url)
    try:
        report = store.datasets.newest_report(choose_team(store, team), route, version)
    finally:
        store.close()

    if report is None:
        raise RouteError(
            f"reading the report of {route!r} {version}: nothing was evaluated yet; "
            "a report is made once a candidate's version is trained, see /beagle rollout"
        )

    if as_json:
        head = {"id": report.id, "route": report.route, "version": report.version}
        return json.dumps(head | dict(report.body))

    return report_markdown(report.route, report.version, report.body)
