"""`beagle report`: the proof of a tuned version out of the store, as Markdown or JSON."""

from __future__ import annotations

import json

from router.config import Settings
from router.errors import RouteError
from router.store import open_store
from workers.evaluation.report_markdown import markdown


def told(settings: Settings, route: str, version: str, *, as_json: bool) -> str:
    """The newest report of that version, or of the route. Raises RouteError when nothing was measured."""
    store = open_store(settings.store_url)
    try:
        found = store.datasets.report(route, version)
    finally:
        store.close()

    if found is None:
        raise RouteError(
            f"reading the report of {route!r} {version}: nothing was measured; a report is made once a candidate's "
            "version was trained, see /beagle road"
        )

    if as_json:
        return json.dumps(
            {"id": found.id, "route": found.route, "version": found.version, **found.body}
        )

    return markdown(found.route, found.version, found.body)
