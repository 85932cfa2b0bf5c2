"""Catalogue in, store out: files author a version, the store decides whether it answers."""

from __future__ import annotations

from router.catalog import Catalog
from router.store import Store
from router.store.versions import Stored


def publish(catalog: Catalog, store: Store, now: float) -> list[str]:
    """Every version in the catalogue is known to the store; returns the routes whose live version is a new one.

    A route's first version goes live at once. Running it twice changes nothing.
    """
    changed = []
    for name, route in catalog.routes.items():
        version = route.version
        new = Stored(name, version.id, version.kind, "shadow", version.model_dump(mode="json"), now)
        if store.versions.insert(new) or store.versions.live(name) is None:
            store.versions.go_live(name, version.id)
            changed.append(name)
    return changed
