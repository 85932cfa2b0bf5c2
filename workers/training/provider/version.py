"""The model that a provider has trained, as the next version of a route."""

from __future__ import annotations

from router.catalog.version import PromptStep, Version
from router.errors import InputError
from router.store import Store
from router.store.versions.versions import StoredVersion
from workers.training.tune import tuned_system_prompt


def store_provider_version(store: Store, team: str, route: str, model: str, at: float) -> Version:
    """Stores the version in shadow and returns it; the same model gives the same version.

    What the route does is in the model's weights, so the prompt is as short as that of an adapter.
    Raises InputError where the workspace has no live version of the route.
    """
    stored = store.versions.live(team, route)
    if stored is None:
        raise InputError(
            f"storing the trained model of {route!r}: the workspace has no live version of it; "
            "start a worker once, which stores the routes"
        )

    live = Version.model_validate(dict(stored.body))
    version = live.with_changes(
        kind="prompt",
        adapter=None,
        role="",
        prompt=tuned_system_prompt(route),
        shots=[],
        steps=[PromptStep().model_dump()],
        models=[model],
    )
    body = version.model_dump(mode="json")
    store.versions.insert(StoredVersion(team, route, version.id, version.kind, "shadow", body, at))
    return version


def newest_provider_version(store: Store, team: str, route: str) -> Version | None:
    """Returns the newest version whose model a provider trained, None where there is none."""
    newest = None
    for stored in store.versions.for_route(team, route):
        version = Version.model_validate(dict(stored.body))
        is_trained = version.prompt == tuned_system_prompt(route) and version.adapter is None
        if is_trained and version.models and (newest is None or stored.at >= newest.at):
            newest = stored

    return None if newest is None else Version.model_validate(dict(newest.body))
