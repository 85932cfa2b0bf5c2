"""`beagle routes export`: a version from the store as a folder that can be read and edited."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.app import catalog
from bot.cli.team_option import Team, choose_team
from bot.cli.terminal import load_data_settings
from router.catalog.export import write_route
from router.catalog.version import Version
from router.config import Settings
from router.errors import RouteError
from router.store import Store, open_store
from router.text.printable import print_line


def main(
    name: Annotated[str, typer.Argument(help="A route's name.")],
    version: Annotated[str, typer.Option(help="A version's id; the live one if left out.")] = "",
    to: Annotated[Path, typer.Option(help="The folder to write into.")] = Path("exported"),
    team: Team = None,
) -> None:
    """Write a version of a route as files that can be read and edited."""
    print_line(export_version(load_data_settings(), name, version, to, team))


def export_version(
    settings: Settings, name: str, version: str, folder: Path, team: str | None = None
) -> str:
    """Writes the version, the one that is live in the workspace by default, and says where.

    Raises RouteError naming the routes or versions there are.
    """
    routes = catalog(settings).routes
    if name not in routes:
        known = ", ".join(sorted(routes))
        raise RouteError(f"exporting route {name!r}: there is none; known: {known}")

    store = open_store(settings.store_url)
    try:
        team = choose_team(store, team)
        chosen = _find_version(store, team, name, version)
        adapter = routes[name].adapter if chosen.adapter == routes[name].version.adapter else None
        if chosen.adapter and adapter is None:
            adapter = store.artefacts.materialise(
                team, chosen.adapter, settings.artefact_folder(team)
            )

        path = write_route(chosen, routes[name], folder, adapter)
    finally:
        store.close()

    return f"wrote version {chosen.id} of {name!r} to {path}"


def _find_version(store: Store, team: str, name: str, version: str) -> Version:
    stored = store.versions.live(team, name)
    if version:
        stored = store.versions.get(team, name, version)
    if stored is None:
        versions = [f"{known.id} ({known.state})" for known in store.versions.for_route(team, name)]
        missing = f"version {version!r}" if version else "live version"
        raise RouteError(
            f"exporting route {name!r}: the store has no {missing}; "
            f"known: {', '.join(versions) or 'none'}"
        )

    return Version.model_validate(dict(stored.body))
