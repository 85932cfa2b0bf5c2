"""Gives the terminal and the demo an installation's router and datasets, without its bot."""

from __future__ import annotations

from bot.app import catalog, encoder, learner
from router.catalog.catalog import Catalog
from router.config import Settings
from router.decide import Router
from router.errors import InputError
from router.store import Store, open_store
from router.store.weekly.datasets import StoredDataset


def installed_router(settings: Settings) -> tuple[Router, Catalog]:
    """Returns the router as the bot would train it, with all labels, and its routes."""
    routes = catalog(settings)
    store = open_store(settings.store_url)
    try:
        labels = [label.example for label in store.labels.all()]
    finally:
        store.close()

    descriptions = {name: route.description for name, route in routes.routes.items()}
    result = learner(settings, encoder(settings)).train(
        routes.training_examples(), descriptions, labels
    )
    return result.router, routes


def find_dataset(store: Store, key: str) -> StoredDataset:
    """Returns the dataset of that id, or the newest of the candidate of that id.

    Raises InputError when there is none.
    """
    dataset = store.datasets.get(key) or store.datasets.newest_for_candidate(key)
    if dataset is None:
        raise InputError(
            f"looking up dataset {key!r}: there is none; /beagle rollout shows the id of each one"
        )

    return dataset
