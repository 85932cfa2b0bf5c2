"""Computes the vectors of one share of the chunks, so that several workers make them together.

A shard's jobs are a chain: each one enqueues the next while chunks are left. The chain holds the
shard by a lease from its first job to its last, also while it waits in the queue, so there is never
more than one, however often somebody asks for vectors.
"""

from __future__ import annotations

from uuid import uuid4

from router.errors import QueueError
from router.index import ChunkShard
from router.log import get_log
from workers.context import Context
from workers.knowledge.ingest import embed_chunks
from workers.runtime.job_key import job_key, parse_key

QUEUE = "compute"
SHARDS = 8
"""Into so many parts the chunks are divided; as many workers can embed at the same time."""
CHUNKS_PER_TURN = 32
"""What one job embeds. All shards together take some ten seconds, on one worker, before the queue's
other jobs have their turn."""
LEASE_SECONDS = 300.0
"""More than a job waits and takes, also on a busy machine. A chain that was lost, with its worker
or with the queue, is begun anew after that."""


def start_shard(context: Context, number: int) -> None:
    """Begins the shard's chain of jobs, unless there is one."""
    chain = uuid4().hex
    if context.store.leaders.hold(_work(number), chain, context.now(), LEASE_SECONDS) is not None:
        _enqueue(context, number, chain)


def run(context: Context, key: str) -> None:
    """Embeds some chunks of a shard; `key` has its number and its chain. Running it twice is safe.

    Ends where another chain has the shard meanwhile: this one's lease was over.
    """
    if not context.encoder.is_configured:
        return

    shard, chain = parse_key(key, "shard", "chain")
    number = int(shard)
    log = get_log(job="embed_shard", shard=number)
    leaders, work = context.store.leaders, _work(number)
    if leaders.hold(work, chain, context.now(), LEASE_SECONDS) is None:
        log.info("embedded_elsewhere")
        return

    index, encoder, chunks = context.store.documents, context.encoder, ChunkShard(number, SHARDS)
    count = embed_chunks(index, encoder, CHUNKS_PER_TURN, limit=CHUNKS_PER_TURN, shard=chunks)
    log.info("embedded", pieces=count)

    if index.chunks_without_vector(encoder.model_id, limit=1, shard=chunks):
        leaders.hold(work, chain, context.now(), LEASE_SECONDS)
        _enqueue(context, number, chain)
        return

    leaders.release(work, chain)
    # Whoever stored chunks between the last look and the release found the shard taken.
    if index.chunks_without_vector(encoder.model_id, limit=1, shard=chunks):
        start_shard(context, number)


def _work(number: int) -> str:
    return f"embed shard {number}"


def _enqueue(context: Context, number: int, chain: str) -> None:
    try:
        context.queue.enqueue("embed_shard", job_key(str(number), chain))
    except QueueError as error:
        # Housekeeping asks for the vectors again.
        context.store.leaders.release(_work(number), chain)
        get_log(job="embed_shard", shard=number).info("job_enqueue_failed", error=str(error))
