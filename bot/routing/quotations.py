"""Looks up the words of the examples that a decision names, as far as its reader may read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from router.catalog.catalog import Catalog
from router.classifier.training_data import installation_texts
from router.store import Store
from router.types import Viewer


class ExampleQuotes:
    """The words behind the ids in `Decision.reason`, looked up at each reading.

    A text of the installation may be read by everybody who may use its route. Somebody's message
    may be read by its author, and by those in this workspace who can read its channel now.
    """

    def __init__(self, catalog: Catalog, store: Store) -> None:
        routes = {name: route.description for name, route in catalog.routes.items()}
        self._texts = installation_texts(catalog.training_examples(), routes)
        self._store = store

    def for_reader(self, team: str, user: str) -> ReaderQuotes:
        """Returns the quotes for one person, to whom alone the explanation is shown."""
        # As in a direct message: nobody else reads it.
        viewer = self._store.access.viewer(team, user, "", "dm")
        return ReaderQuotes(self._texts, self._store, viewer)


class ReaderQuotes:
    """The words of examples that one person may read."""

    def __init__(self, texts: Mapping[str, str], store: Store, viewer: Viewer) -> None:
        self._texts = texts
        self._store = store
        self._viewer = viewer

    def __call__(self, example: Mapping[str, Any]) -> str:
        """Returns the words of an entry in a decision's `nearest`; empty where they stay unsaid."""
        request = str(example.get("request", ""))
        if request:
            return self._store.labels.readable_text(request, self._viewer)

        return self._texts.get(str(example.get("example", "")), "")
