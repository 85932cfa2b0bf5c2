"""Publishes the catalogue to the store: files define versions, the store decides which is live.

These are the installation's versions. What rollouts of a workspace promote stays with it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from router.catalog.catalog import Catalog, Route
from router.store import Store
from router.store.versions.versions import StoredVersion
from router.types import INSTALLATION


@dataclass(frozen=True, slots=True)
class PublishResult:
    """What publishing changed.

    `live` are the routes whose live version is another one now. `pending_evaluation` are the
    versions (`route/version`) that are in shadow until they have been evaluated. `unmeasured` are
    the tiers (`route/version`) of which nothing is known yet.
    """

    live: list[str] = field(default_factory=list)
    pending_evaluation: list[str] = field(default_factory=list)
    unmeasured: list[str] = field(default_factory=list)


def publish_catalog(catalog: Catalog, store: Store, now: float) -> PublishResult:
    """Inserts every version of the catalogue into the store, and decides which are live.

    A route's first version goes live at once. So does one that was live before, because its author
    has reverted an edit. Any other new version is in shadow until it has been evaluated. Calling it
    twice changes nothing.
    """
    result = PublishResult()
    for name, route in catalog.routes.items():
        result.unmeasured.extend(_publish_tiers(route, store, now))
        version = route.version
        body = version.model_dump(mode="json")
        new = StoredVersion(INSTALLATION, name, version.id, version.kind, "shadow", body, now)
        store.versions.insert(new)

        stored = store.versions.get(INSTALLATION, name, version.id)
        if stored is None or stored.state in ("live", "canary"):
            continue

        live = store.versions.live(INSTALLATION, name)
        is_reverted = stored.state == "retired"
        # A version that a rollout made of this file has replaced it. The file, which is still in
        # its folder, must not take the route back.
        if is_reverted and live is not None and live.origin == "rollout":
            continue

        if live is None or is_reverted:
            store.versions.go_live(INSTALLATION, name, version.id)
            result.live.append(name)
        else:
            result.pending_evaluation.append(f"{name}/{version.id}")

    return result


def _publish_tiers(route: Route, store: Store, now: float) -> list[str]:
    """Inserts the route's cheaper tiers, and returns the tiers that nobody has measured."""
    cheaper = [tier.version for tier in route.tiers[:-1]]
    for version in cheaper:
        body = version.model_dump(mode="json")
        store.versions.insert(
            StoredVersion(INSTALLATION, route.name, version.id, version.kind, "shadow", body, now)
        )

    store.versions.declare_tiers(route.name, [version.id for version in cheaper])
    return _unmeasured(route, store)


def unmeasured_tiers(catalog: Catalog, store: Store) -> list[str]:
    """Returns the tiers (`route/version`) of the catalogue that nobody has measured."""
    versions: list[str] = []
    for route in catalog.routes.values():
        versions += _unmeasured(route, store)

    return versions


def _unmeasured(route: Route, store: Store) -> list[str]:
    declared = [tier.version.id for tier in route.tiers]
    known = store.quality.measurements(INSTALLATION, route.name, declared) if declared else {}
    return [f"{route.name}/{version}" for version in declared if version not in known]
