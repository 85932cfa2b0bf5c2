"""Which version answers when one is retired: the prompted one that did best where the retired one was proved."""

from __future__ import annotations

from router.store import Store
from router.store.versions.versions import Stored
from workers.drift.live_version import Lived

TRAINED = ("head", "tuned")


def best_prompted(store: Store, of: Lived) -> Stored | None:
    """The best prompted version of its report; else the prompted one before it; else the route's newest prompted one.

    None where the route never had a prompted version: then nothing can take its place.
    """
    report = store.datasets.report(of.route, of.version)
    body = report.body if report is not None else {}
    named = [
        name
        for name, kind in (body.get("kinds") or {}).items()
        if name != "new" and kind not in TRAINED
    ]

    named.sort(key=lambda name: (-body["figures"][name]["accuracy"], name != "live"))
    wanted = [body["versions"][name] for name in named] + [of.before]
    wanted += [stored.id for stored in store.versions.of(of.route)]
    found = (store.versions.get(of.route, key) for key in wanted if key and key != of.version)

    return next(
        (stored for stored in found if stored is not None and stored.kind not in TRAINED), None
    )
