"""The routers in memory: one for each workspace with labels, and the base router for all others."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from bot.routing.quotations import ExampleQuotes
from router.catalog.catalog import Catalog
from router.classifier.training_data import LABEL_SOURCES, training_examples
from router.decide import Router
from router.encoder.cache import clear_vectors
from router.learning.learner import Learner, TrainingResult
from router.log import get_log
from router.store import Store
from router.store.requests.labels import Label
from router.types import Example
from workers.knowledge.membership import ReadingRights

MAX_WORKSPACES = 2_000
"""Workspaces in memory; most have no labels and share the base router, which costs nothing."""
MAX_BYTES = 256 * 1024 * 1024
"""Memory of all routers beside the base router. The one that decided longest ago makes room and is
read from its file when its workspace asks again."""
START_TRAININGS = 3
"""Workspaces whose routers are ready when a start ends; the others are trained in the
background."""


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A workspace's router with the ids of all its labels, and its routes where it has own ones."""

    result: TrainingResult
    labels: frozenset[str]
    catalog: Catalog | None = None

    def bytes_beside(self, base: Router) -> int:
        """Returns the memory that the router takes beside the base router."""
        return 0 if self.result.router is base else self.result.router.nbytes


class WorkspaceRouters:
    """Returns each workspace's router, trained on the installation's examples and its own labels.

    Safe for many threads. `request_training` is called for a workspace whose router has to be
    trained before it can be used; until then the base router decides there. `max_bytes` bounds the
    memory of all routers beside the base router; one of them is always kept.
    """

    def __init__(
        self,
        learner: Learner,
        store: Store,
        catalog: Catalog,
        rights: ReadingRights,
        request_training: Callable[[str], object],
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self._max_bytes = max_bytes
        self._learner = learner
        self._store = store
        self._rights = rights
        self._request_training = request_training
        # Held while training, so that an older training never replaces a newer one's router.
        # Deciding does not take it.
        self._training_lock = threading.Lock()
        # Guards what follows, never held for long.
        self._guard = threading.Lock()
        self._loaded: OrderedDict[str, _Loaded] = OrderedDict()
        self._trainings = 0
        self._log = get_log(part="decide")
        self._use(catalog)

    def reload(self, catalog: Catalog) -> None:
        """Trains the base router for other routes; every workspace's router follows."""
        with self._training_lock:
            self._use(catalog)

        self.train_first()

    def train_first(self) -> dict[str, object]:
        """Trains the workspaces that labelled last, at most `START_TRAININGS`.

        Returns the states of their labels before. Files of workspaces without labels are removed.
        """
        self._learner.remove_others(lambda: self.states().keys())
        states = self.states()
        first = list(states)[:START_TRAININGS]
        for team in first:
            self.train(team)

        return {team: states[team] for team in first}

    def states(self) -> dict[str, object]:
        """Returns a state for each workspace whose router is not the base router.

        It changes with what the router learns from: the workspace's labels and its own routes.
        """
        states: dict[str, object] = dict(self._store.labels.fingerprints())
        for team, routes in self._store.drafted_routes.fingerprints().items():
            states[team] = (states.get(team), routes)

        return states

    def catalog_of(self, team: str) -> Catalog:
        """Returns the routes that the workspace's router knows, its own included."""
        with self._guard:
            loaded = self._loaded.get(team)
            return self.catalog if loaded is None else loaded.catalog or self.catalog

    def for_team(self, team: str) -> TrainingResult:
        """Returns the workspace's router and what it learned from; never trains."""
        with self._guard:
            trainings = self._trainings
            base, own = self.base, self._own
            loaded = self._loaded.get(team)
            if loaded is not None:
                self._loaded.move_to_end(team)
                return loaded.result

        # A router for other routes than the base router's has to be trained first.
        if self._store.drafted_routes.active(team):
            self._request_training(team)
            return TrainingResult(base)

        labels = self._store.labels.all(team)
        result = self._learner.load(team, base, own, _examples(labels))
        if result is None:
            self._request_training(team)
            return TrainingResult(base)

        with self._guard:
            # A training that ended meanwhile may have read newer labels than this thread.
            if trainings == self._trainings:
                self._put(team, _Loaded(result, _ids(labels)), used=True)

        return result

    def train(self, team: str) -> None:
        """Trains the workspace's router with its labels, except those that are quarantined."""
        with self._training_lock:
            labels = self._store.labels.all(team)
            base, own, catalog = self._start_of(team)
            result = self._learner.train(team, base, own, _examples(labels))

            with self._guard:
                self._trainings += 1
                before = self._loaded.pop(team, None)
                if labels or catalog is not None:
                    entry = _Loaded(result, _ids(labels), catalog)
                    self._put(team, entry, used=before is not None)

        if before is not None and not before.labels <= _ids(labels):
            # Vectors of words that are gone must not stay in memory.
            clear_vectors(self._learner.encoder, self._installation_texts)

        version_before = before.result.router.version if before else self.base.version
        if version_before != result.router.version:
            self._log.info(
                "router_trained",
                team=team,
                router=result.router.version,
                before=version_before,
                aside=len(result.quarantined),
            )

    def _start_of(self, team: str) -> tuple[Router, list[Example], Catalog | None]:
        """Returns what the workspace's router starts from: router, examples, and its own routes.

        These are the base router's, and no catalogue, where the workspace has no route of its own.
        """
        catalog = self._store.drafted_routes.joined(team, self.catalog)
        if catalog.routes.keys() == self.catalog.routes.keys():
            self._learner.remove_own_routes(team)
            return self.base, self._own, None

        routes = catalog.descriptions()
        own = catalog.training_examples()
        return self._learner.train_with_own_routes(team, own, routes), own, catalog

    def forget(self, team: str) -> None:
        """Removes what the process and the folder hold of a workspace that left."""
        with self._training_lock:
            self._learner.remove(team)
            with self._guard:
                self._trainings += 1
                self._loaded.pop(team, None)

        clear_vectors(self._learner.encoder, self._installation_texts)

    def _use(self, catalog: Catalog) -> None:
        self.catalog = catalog
        routes = catalog.descriptions()
        own = catalog.training_examples()
        base = self._learner.train_base(own, routes)
        quotes = ExampleQuotes(catalog, self._store, self._rights)
        # Every training needs the vectors of these, and no person can have them erased.
        texts = [
            example.text
            for example in training_examples(own, routes)
            if example.source not in LABEL_SOURCES
        ]

        with self._guard:
            self._trainings += 1
            self._loaded.clear()
            self._own: list[Example] = own
            self._installation_texts = texts
            self.base = base
            self.quotes = quotes

    def _put(self, team: str, loaded: _Loaded, *, used: bool) -> None:
        """Keeps the router, and removes the least recently used ones; `_guard` is held.

        One that nobody `used` yet is the first to make room.
        """
        self._loaded[team] = loaded
        self._loaded.move_to_end(team, last=used)

        total = sum(entry.bytes_beside(self.base) for entry in self._loaded.values())
        while len(self._loaded) > 1 and (
            total > self._max_bytes or len(self._loaded) > MAX_WORKSPACES
        ):
            _, removed = self._loaded.popitem(last=False)
            total -= removed.bytes_beside(self.base)


def _examples(labels: list[Label]) -> list[Example]:
    return [label.example for label in labels]


def _ids(labels: list[Label]) -> frozenset[str]:
    return frozenset(f"{label.request} {label.example.id}" for label in labels)
