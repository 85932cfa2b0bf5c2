"""`beagle routes export`: a version out of the store, as a folder that can be read and edited."""

from __future__ import annotations

from pathlib import Path

from bot.app import catalog
from router.catalog.export import write_route
from router.catalog.version import Version
from router.config import Settings
from router.errors import RouteError
from router.store import Store, open_store


def export(settings: Settings, name: str, version: str, folder: Path) -> str:
    """What was written where; without a `version` the live one. Raises RouteError saying what there is."""
    routes = catalog(settings).routes
    if name not in routes:
        raise RouteError(
            f"exporting route {name!r}: there is none; known: {', '.join(sorted(routes))}"
        )

    store = open_store(settings.store_url)
    try:
        chosen = _version(store, name, version)
        adapter = routes[name].adapter if chosen.adapter == routes[name].version.adapter else None
        if chosen.adapter and adapter is None:
            adapter = store.artefacts.file(chosen.adapter, settings.data / "artefacts")

        place = write_route(chosen, routes[name], folder, adapter)
    finally:
        store.close()

    return f"wrote version {chosen.id} of {name!r} to {place}"


def _version(store: Store, name: str, version: str) -> Version:
    found = store.versions.get(name, version) if version else store.versions.live(name)
    if found is None:
        known = ", ".join(f"{one.id} ({one.state})" for one in store.versions.of(name)) or "none"
        raise RouteError(
            f"exporting route {name!r}: the store has no {f'version {version!r}' if version else 'live version'}; "
            f"known: {known}"
        )

    return Version.model_validate(dict(found.body))
