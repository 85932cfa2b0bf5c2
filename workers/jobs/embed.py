"""Computes the vectors of all chunks that have none yet."""

from __future__ import annotations

from router.log import get_log
from workers.context import Context
from workers.knowledge.ingest import embed_chunks

QUEUE = "compute"


def run(context: Context, key: str) -> None:
    """Embeds every chunk without a vector; `key` only tells the log who asked for it."""
    if context.encoder.is_configured:
        count = embed_chunks(context.store.documents, context.encoder)
        get_log(job="embed", key=key).info("embedded", pieces=count)
