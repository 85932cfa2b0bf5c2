"""Searches documents with the rights of every workspace member, for work done for nobody alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from router.encoder.lazy import LazyEncoder
from router.index import WORKSPACE_ACL, Hit, PassageSearch, Vector
from router.types import Viewer
from workers.context import Context


class WorkspaceScopedIndex:
    """An index that finds only what every full member of the workspace may read, whoever asks.

    Channels are left out, also public ones: they have members of their own.
    """

    def __init__(self, index: PassageSearch, team: str, encoder: LazyEncoder) -> None:
        self._index = index
        self._encoder = encoder
        self._viewer = Viewer(team, "", frozenset({WORKSPACE_ACL}))

    def search(self, query: str, vector: Vector | None, viewer: Viewer, top: int = 6) -> list[Hit]:
        """See `PassageSearch.search`; `viewer` is ignored.

        Encodes the query when there is no vector.
        """
        if vector is None and self._encoder.is_configured:
            vector = (self._encoder.model_id, self._encoder.encode([query])[0])

        return self._index.search(query, vector, self._viewer, top)

    def search_text(self, query: str) -> list[Hit]:
        """Returns what every member finds."""
        return self.search(query, None, self._viewer)


def workspace_context(context: Context, team: str, **changes: Any) -> Context:
    """Returns a copy of the context for such work, with `changes` of further parts.

    It has no directory, because no person's rights are needed.
    """
    index = WorkspaceScopedIndex(context.index, team, context.encoder)
    return replace(context, index=index, directory=None, **changes)
