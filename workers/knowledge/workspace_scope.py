"""The context of work that is done for a workspace, and for nobody in it alone.

It searches documents with the rights of every member, uses the workspace's own trained models, and
is paid by the workspace.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from router.encoder.lazy import LazyEncoder
from router.errors import BudgetError
from router.index import WORKSPACE_ACL, Hit, PassageSearch, Vector
from router.types import Viewer
from workers.context import Context
from workers.llm.metered import BudgetExhaustedError
from workers.ports import LanguageModel, ModelCall, ModelReply, Payer


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


@dataclass(frozen=True, slots=True)
class WorkspaceModel:
    """A model whose every call is the workspace's: its adapters, its cached replies, its money."""

    model: LanguageModel
    team: str

    def complete(self, call: ModelCall, on_text: Callable[[str], None] | None = None) -> ModelReply:
        """Returns the reply. Raises BudgetExhaustedError when the workspace's cap is reached."""
        # No person made a request, so only the workspace's cap in USD applies.
        call = replace(call, payer=Payer.workspace(self.team))
        try:
            return self.model.complete(call, on_text)
        except BudgetError as error:
            # A BudgetError would count as a wrong answer of the version that is measured.
            raise BudgetExhaustedError(
                f"asking a model: a cap of the day came first: {error}"
            ) from error


def workspace_context(context: Context, team: str, **changes: Any) -> Context:
    """Returns a copy of the context for such work, with `changes` of further parts.

    It has no directory, because no person's rights are needed.
    """
    index = WorkspaceScopedIndex(context.index, team, context.encoder)
    parts = {"model": WorkspaceModel(context.model, team), **changes}
    return replace(context, team=team, index=index, directory=None, **parts)
