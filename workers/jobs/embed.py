"""Computes the vectors of chunks that have none yet, some hundred at a time."""

from __future__ import annotations

from router.errors import QueueError
from router.log import get_log
from workers.context import Context
from workers.knowledge.ingest import embed_chunks

QUEUE = "compute"
CHUNKS_PER_TURN = 256
"""What one job embeds, some ten seconds of work, before the queue's other jobs have their turn."""


def run(context: Context, key: str) -> None:
    """Embeds chunks without a vector, and comes again after the other jobs while some are left.

    `key` only tells the log who asked for it. Running it twice is safe.
    """
    if not context.encoder.is_configured:
        return

    count = embed_chunks(context.store.documents, context.encoder, limit=CHUNKS_PER_TURN)
    log = get_log(job="embed", key=key)
    log.info("embedded", pieces=count)

    if count >= CHUNKS_PER_TURN:
        try:
            context.queue.enqueue("embed", key)
        except QueueError as error:
            # Housekeeping asks for it again.
            log.info("job_enqueue_failed", error=str(error))
