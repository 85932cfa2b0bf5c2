"""The ways to serve a request: one file a kind, its name is the kind."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from router.errors import PathError
from router.types import Outcome
from workers.context import Context, Work


class ServingPath(Protocol):
    """A module of this folder.

    `run` leaves nothing half done: it returns an outcome with text, tokens, usd, model, kind and
    version filled in, or raises ModelError, BudgetError or PathError. Running it twice for one
    request is safe.
    """

    def run(self, context: Context, work: Work) -> Outcome:
        """The outcome of serving `work` with its version."""
        ...


def path_kinds() -> list[str]:
    """The kinds that can be served, in alphabetical order."""
    return sorted(
        file.stem for file in Path(__file__).parent.glob("*.py") if not file.stem.startswith("_")
    )


def get_path(kind: str) -> ServingPath:
    """The path for a kind. Raises PathError naming the kinds there are."""
    if kind not in path_kinds():
        raise PathError(
            f"serving a request: unknown kind {kind!r}; known: {', '.join(path_kinds())}; correct the route's `kind`",
            retry=False,
        )

    return cast(ServingPath, import_module(f"{__name__}.{kind}"))
