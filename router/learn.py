"""Corrections in, a better router out, or none."""

from __future__ import annotations

from collections.abc import Sequence

from router.decide import Router
from router.embed import Encoder
from router.types import Example


def learn(
    router: Router, own: Sequence[Example], corrections: Sequence[Example], encoder: Encoder, seed: int = 0
) -> Router | None:
    """The router that knows the corrections too; None when nothing is new."""
    again = Router.train([*own, *corrections], encoder, router.routes, seed=seed)
    return None if again.version == router.version else again
