"""Looks up the words of the examples that a decision names, as far as its reader may read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from router.catalog.catalog import Catalog
from router.classifier.training_data import installation_texts
from router.store import Store
from router.types import SlackPerson, Viewer
from workers.knowledge.membership import ReadingRights


class ExampleQuotes:
    """The words behind the ids in `Decision.reason`, looked up at each reading.

    A text of the installation may be read by everybody who may use its route. Somebody's message
    may be read by its author, and by those in this workspace who can read its channel now.
    """

    def __init__(self, catalog: Catalog, store: Store, rights: ReadingRights) -> None:
        routes = catalog.descriptions()
        self._texts = installation_texts(catalog.training_examples(), routes)
        self._store = store
        self._rights = rights

    def for_reader(self, reader: SlackPerson) -> ReaderQuotes:
        """Returns the quotes for one person, to whom alone the explanation is shown."""
        texts = self._texts
        # The routes that were drafted in a workspace are quoted there alone.
        own = Catalog(self._store.drafted_routes.active(reader.team))
        if own.routes and not reader.home:
            routes = own.descriptions()
            texts = {**texts, **installation_texts(own.training_examples(), routes)}

        return ReaderQuotes(texts, self._store, self._rights, reader)


class ReaderQuotes:
    """The words of examples that one person may read."""

    def __init__(
        self,
        texts: Mapping[str, str],
        store: Store,
        rights: ReadingRights,
        reader: SlackPerson,
    ) -> None:
        self._texts = texts
        self._store = store
        self._rights = rights
        self._reader = reader

    def __call__(self, example: Mapping[str, Any]) -> str:
        """Returns the words of an entry in a decision's `nearest`; empty where they stay unsaid."""
        key = str(example.get("request", ""))
        if key:
            return self._words_of_request(key)

        return self._texts.get(str(example.get("example", "")), "")

    def _words_of_request(self, key: str) -> str:
        request = self._store.requests.get(key)
        # Nobody of another company is shown what somebody here has written.
        if request is None or request.team != self._reader.team or self._reader.home:
            return ""

        # As in a direct message: nobody else reads it.
        channels = self._rights.readable(self._reader, [request.channel])
        viewer = Viewer(self._reader.team, self._reader.user, channels)
        return self._store.labels.readable_text(key, viewer)
