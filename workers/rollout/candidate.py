"""Where a candidate stands: its newest step, what was told on the way, its route and the version that answers."""

from __future__ import annotations

from typing import Any

from router.catalog.catalog import Route, builtin_routes_folder, load_routes
from router.catalog.version import Version
from router.errors import ModelError, SettingsError
from router.store.weekly.candidates import Edge
from router.types import Candidate
from workers.context import Context


def newest(context: Context, one: Candidate) -> Edge | None:
    """The step that brought the candidate where it is."""
    history = context.store.candidates.history(one.id)
    return history[-1] if history else None


def evidence(context: Context, one: Candidate) -> dict[str, Any]:
    """What that step was taken on."""
    edge = newest(context, one)
    return dict(edge.evidence) if edge is not None else {}


def told(context: Context, one: Candidate, name: str) -> Any:
    """The newest word of the candidate's history on something; None where there is none."""
    history = reversed(context.store.candidates.history(one.id))
    return next((edge.evidence[name] for edge in history if name in edge.evidence), None)


def route_of(context: Context, one: Candidate) -> Route:
    """The route of a candidate. Raises SettingsError when no route answers its requests yet."""
    own = [] if context.settings.routes is None else [context.settings.routes]
    name = one.route or one.evidence.get("route")

    route = load_routes(builtin_routes_folder(), *own).routes.get(str(name))
    if route is None:
        raise SettingsError(
            f"taking {one.label!r} further: no route answers these requests yet; write one, then it goes on by itself"
        )

    return route


def live_of(context: Context, one: Candidate) -> Version:
    """The version that answers now. Raises ModelError(retry=True) when none does."""
    name = str(one.route or one.evidence.get("route"))

    stored = context.store.versions.live(name)
    if stored is None:
        raise ModelError(
            f"taking {one.label!r} further: route {name!r} has no live version", retry=True
        )

    return Version.model_validate(dict(stored.body))
