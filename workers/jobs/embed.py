"""Computes the vectors of chunks that have none yet: a few at once, many in shards."""

from __future__ import annotations

from router.log import get_log
from workers.context import Context
from workers.jobs.embed_shard import SHARDS, start_shard
from workers.knowledge.ingest import embed_chunks

QUEUE = "compute"
FIRST = True  # seconds of work, without which a question in other words than the text finds nothing
CHUNKS_AT_ONCE = 64
"""What is embedded before the rest is left to shards: all of a page, or of an answer."""


def run(context: Context, key: str) -> None:
    """Embeds some chunks without a vector, and leaves the others to all compute workers.

    `key` only tells the log who asked for it. Running it twice is safe.
    """
    if not context.encoder.is_configured:
        return

    index, encoder = context.store.documents, context.encoder
    count = embed_chunks(index, encoder, limit=CHUNKS_AT_ONCE)
    get_log(job="embed", key=key).info("embedded", pieces=count)

    if index.chunks_without_vector(encoder.model_id, limit=1):
        for number in range(SHARDS):
            start_shard(context, number)
