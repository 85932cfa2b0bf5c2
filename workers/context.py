"""What every step and path is handed: the parts of the process, and the work at hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from router.catalog.version import Version
from router.config import Settings
from router.encoder.reranker import Reranker
from router.errors import PathError
from router.store import Store
from router.types import Decision, Proposal, Request
from workers.ports import Directory, Message, Model, Queue, Replies, Step
from workers.runtime.leases import Leases


@dataclass(frozen=True, slots=True)
class Context:
    """The parts of one process, built once by the composition root and never changed.

    `now` gives unix seconds, `random` a share in 0-1. `search` finds passages (the port of
    `workers/knowledge/retrieval.py`), None where nothing is indexed. `encoder` makes the
    encoder when first called: model-bound workers live without one until a route needs it.
    `directory` says who reads along; without one only what the store knows counts. `reranker`
    reads the passages once more, None without one.
    """

    settings: Settings
    store: Store
    queue: Queue
    model: Model
    replies: Replies
    leases: Leases
    now: Callable[[], float]
    random: Callable[[], float]
    search: Any = None
    encoder: Callable[[], Any] | None = None
    directory: Directory | None = None
    reranker: Reranker | None = None

    def version(self, route: str, version: str) -> Version:
        """That version of that route; without an id, or when it was withdrawn since, the live one.

        Raises PathError when the store has none: the route was removed after the decision.
        """
        stored = self.store.versions.get(route, version) if version else None
        if stored is None or stored.state == "retired":
            # Looked up for each request: a version that is taken back answers nobody from then on.
            stored = self.store.versions.live(route) or stored

        if stored is None:
            raise PathError(
                f"looking up version {version!r} of route {route!r}: the store has none; ask again or pick another",
                retry=False,
            )

        return Version.model_validate(dict(stored.body))

    def version_as_made(self, route: str, version: str) -> Version:
        """That version and no other, whatever its state: for measuring. Raises PathError when the store has none."""
        stored = self.store.versions.get(route, version)
        if stored is None:
            raise PathError(
                f"measuring version {version!r} of route {route!r}: the store has none", retry=False
            )

        return Version.model_validate(dict(stored.body))


@dataclass(frozen=True, slots=True)
class Work:
    """One request to serve: who asked what, which version answers, and what was said before in the thread.

    `history` is oldest first and ends before the request. Pieces of an answer for people go to
    `emit` as they arrive, what is being done meanwhile to `step`; a path lets pass what they raise:
    then the request is not its own any more. `propose` keeps what has to wait for a person's word;
    None where nobody can be asked.
    """

    request: Request
    decision: Decision
    version: Version
    history: Sequence[Message] = ()
    emit: Callable[[str], None] | None = None
    propose: Callable[[Proposal], None] | None = None
    step: Callable[[Step], None] = lambda _: None
