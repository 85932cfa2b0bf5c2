"""The ways to serve a request: one file per kind, its name is the kind."""

from __future__ import annotations

from importlib import import_module
from typing import Protocol, cast

from router.errors import PathError
from router.kinds import KINDS
from router.types import Outcome
from workers.context import Context, Work


class ServingPath(Protocol):
    """A module of this folder.

    `run` leaves nothing half done: it returns an outcome with text, tokens, usd, model, kind and
    version filled in, or raises ModelError, BudgetError or PathError. Running it twice for one
    request is safe.
    """

    def run(self, context: Context, work: Work) -> Outcome:
        """Serves `work` with its version and returns the outcome."""
        ...


def get_path(kind: str) -> ServingPath:
    """Returns the path for a kind. Raises PathError naming the known kinds."""
    if kind not in KINDS:
        raise PathError(
            f"serving a request: unknown kind {kind!r}; known: {', '.join(KINDS)}; "
            "correct the route's `kind`",
            retry=False,
        )

    return cast(ServingPath, import_module(f"{__name__}.{kind}"))
