"""Gives the terminal and the demo an installation's router and datasets, without its bot."""

from __future__ import annotations

from bot.app import catalog, encoder, learner
from router.catalog.catalog import Catalog
from router.config import Settings
from router.decide import Router
from router.errors import InputError
from router.store import Store, open_store
from router.store.weekly.datasets import StoredDataset


def installed_router(settings: Settings, team: str = "") -> tuple[Router, Catalog]:
    """Returns the router as the bot would train it for the workspace, and its routes.

    Without a workspace it is the base router, which decides wherever nobody has labelled anything.
    """
    routes = catalog(settings)
    trainer = learner(settings, encoder(settings))
    own = routes.training_examples()
    descriptions = routes.descriptions()
    base = trainer.train_base(own, descriptions)
    if not team:
        return base, routes

    store = open_store(settings.store_url)
    try:
        labels = [label.example for label in store.labels.all(team)]
    finally:
        store.close()

    return trainer.train(team, base, own, labels).router, routes


def find_dataset(store: Store, team: str, key: str) -> StoredDataset:
    """Returns the workspace's dataset of that id, or the newest of the candidate of that id.

    Raises InputError when there is none.
    """
    dataset = store.datasets.get(team, key) or store.datasets.newest_for_candidate(team, key)
    if dataset is None:
        raise InputError(
            f"looking up dataset {key!r}: there is none; /beagle rollout shows the id of each one"
        )

    return dataset
