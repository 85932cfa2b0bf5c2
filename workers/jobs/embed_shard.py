"""Computes the vectors of one share of the chunks, so that several workers make them together."""

from __future__ import annotations

from uuid import uuid4

from router.errors import QueueError
from router.index import ChunkShard
from router.log import get_log
from workers.context import Context
from workers.knowledge.ingest import embed_chunks

QUEUE = "compute"
SHARDS = 8
"""Into so many parts the chunks are divided; as many workers can embed at the same time."""
CHUNKS_PER_TURN = 32
"""What one job embeds. All shards together take some ten seconds, on one worker, before the queue's
other jobs have their turn."""
LEASE_SECONDS = 120.0
"""More than a turn takes, also on a busy machine."""


def run(context: Context, key: str) -> None:
    """Embeds chunks of the shard with number `key`; comes again while the shard has some left.

    Ends where another worker is at the same shard: that one comes again.
    """
    if not context.encoder.is_configured:
        return

    log = get_log(job="embed_shard", shard=key)
    leaders, work, owner = context.store.leaders, f"embed shard {key}", uuid4().hex
    if leaders.hold(work, owner, context.now(), LEASE_SECONDS) is None:
        log.info("embedded_elsewhere")
        return

    try:
        shard = ChunkShard(int(key), SHARDS)
        index, encoder = context.store.documents, context.encoder
        count = embed_chunks(index, encoder, CHUNKS_PER_TURN, limit=CHUNKS_PER_TURN, shard=shard)
        are_left = bool(index.chunks_without_vector(encoder.model_id, limit=1, shard=shard))
    finally:
        leaders.release(work, owner)

    log.info("embedded", pieces=count)
    if are_left:
        try:
            context.queue.enqueue("embed_shard", key)
        except QueueError as error:
            # Housekeeping asks for it again.
            log.info("job_enqueue_failed", error=str(error))
