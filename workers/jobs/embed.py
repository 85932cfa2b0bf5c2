"""Gives a vector to every piece of knowledge that has none."""

from __future__ import annotations

from router.log import get_log
from router.store.knowledge.index import Knowledge
from workers.context import Context
from workers.knowledge.ingest import embed

QUEUE = "compute"


def run(context: Context, key: str) -> None:
    """All pieces can be found by meaning too; `key` names who asked. Running it twice is safe."""
    if context.encoder is not None:
        pieces = embed(Knowledge(context.store.engine), context.encoder())
        get_log(step="embed", key=key).info("embedded", pieces=pieces)
