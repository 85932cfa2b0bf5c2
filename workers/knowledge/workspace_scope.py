"""Searches documents as everybody in a workspace may: for work that is done for nobody in particular."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from router.encoder.factory import Encoder
from router.index import WORKSPACE, Hit, Index, Vector
from router.types import Viewer
from workers.context import Context


class Everybody:
    """The `search` of an index for whoever asks: only what every full member of the workspace may read is found.

    Channels, private or public, are left out: nobody stands for their members.
    """

    def __init__(self, index: Index, team: str, encoder: Callable[[], Encoder] | None) -> None:
        self._index, self._encoder = index, encoder
        self._viewer = Viewer(team, "", frozenset({WORKSPACE}))

    def search(self, query: str, vector: Vector | None, viewer: Viewer, top: int = 6) -> list[Hit]:
        """As the index, with the workspace's viewer in place of `viewer`, and a vector where none was stored."""
        if vector is None and self._encoder is not None:
            encoder = self._encoder()
            vector = (encoder.model_id, encoder.encode([query])[0])

        return self._index.search(query, vector, self._viewer, top)

    def for_all(self, query: str) -> list[Hit]:
        """What anybody finds."""
        return self.search(query, None, self._viewer)


def as_everybody(context: Context, team: str, **parts: Any) -> Context:
    """The context for such work, with `parts` in place of its own; Slack is asked about nobody."""
    search = (
        Everybody(context.search, team, context.encoder) if context.search is not None else None
    )
    return replace(context, search=search, directory=None, **parts)
