"""Catalogue in, store out: files author a version, the store decides whether it answers."""

from __future__ import annotations

from dataclasses import dataclass

from router.catalog.catalog import Catalog
from router.store import Store
from router.store.versions.versions import Stored


@dataclass(frozen=True, slots=True)
class Published:
    """Routes whose live version is now another one, and the versions (`route/version`) that have to be judged first."""

    live: list[str]
    unjudged: list[str]


def publish(catalog: Catalog, store: Store, now: float) -> Published:
    """Every version in the catalogue is known to the store.

    A route's first version answers at once, and so does one that had answered before: its author
    took an edit back. Any other new version waits in shadow until it has been judged. Where a
    version made from the file was proved better and let in, the file does not take its place back.
    Running it twice changes nothing.
    """
    live, unjudged = [], []
    for name, route in catalog.routes.items():
        version = route.version
        store.versions.insert(
            Stored(name, version.id, version.kind, "shadow", version.model_dump(mode="json"), now)
        )

        known, answers = store.versions.get(name, version.id), store.versions.live(name)
        if known is None or known.state in ("live", "canary"):
            continue
        if answers is not None and answers.share > 0 and known.state == "retired":
            continue

        if answers is None or known.state == "retired":
            store.versions.go_live(name, version.id)
            live.append(name)
        else:
            unjudged.append(f"{name}/{version.id}")

    return Published(live, unjudged)
