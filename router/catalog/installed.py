"""The routes of an installation: those that come with Beagle, and its own, which replace them."""

from __future__ import annotations

from pathlib import Path

from router.catalog.catalog import Catalog, builtin_routes_folder, load_routes
from router.catalog.version import INCLUDED_MODEL
from router.config import Settings


def has_larger_model(settings: Settings) -> bool:
    """Returns whether a person chose the model, instead of the small one that is included."""
    return settings.model != INCLUDED_MODEL or bool(settings.model_url)


def route_folders(settings: Settings) -> list[Path]:
    """Returns the folders of the routes; those of a later one replace their namesakes."""
    own = [] if settings.routes is None else [settings.routes]
    return [builtin_routes_folder(), *own]


def installed_routes(settings: Settings, *, all_tiers: bool = False) -> Catalog:
    """Returns the installation's routes as the files are now, with the tiers that its model has.

    With `all_tiers` those that need a larger model are there too: what works on prompts wants them.

    Raises RouteError when a folder is missing.
    """
    larger_model = all_tiers or has_larger_model(settings)
    return load_routes(*route_folders(settings), larger_model=larger_model)
