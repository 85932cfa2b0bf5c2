"""Chooses which version answers when one is retired.

The prompted one with the best figures in its report.
"""

from __future__ import annotations

from router.kinds import TRAINED_KINDS
from router.store import Store
from router.store.versions.versions import StoredVersion
from workers.drift.live_version import LiveVersion


def best_prompted(store: Store, live: LiveVersion) -> StoredVersion | None:
    """Returns the version to take over: the best prompted one of the report of `live`.

    Without one, the version before it if that is prompted, else the route's newest prompted one.
    None where the route never had a prompted version: then nothing can take over.
    """
    team = live.candidate.team
    report = store.datasets.newest_report(team, live.route, live.version)
    body = report.body if report is not None else {}
    names = [
        name
        for name, kind in (body.get("kinds") or {}).items()
        if name != "new" and kind not in TRAINED_KINDS
    ]

    # The best first; of equal ones the version that was live then.
    names.sort(key=lambda name: (-body["figures"][name]["accuracy"], name != "live"))
    keys = [body["versions"][name] for name in names]
    keys.append(live.previous)
    keys += [stored.id for stored in store.versions.for_route(team, live.route)]

    for key in keys:
        if not key or key == live.version:
            continue

        stored = store.versions.get(team, live.route, key)
        if stored is not None and stored.kind not in TRAINED_KINDS:
            return stored

    return None
