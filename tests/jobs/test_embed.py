"""Vectors are made in small turns, so that a large handbook holds up nobody, by all workers."""

from __future__ import annotations

from functools import partial

import pytest

from router.encoder.lazy import LazyEncoder
from router.index import Chunk
from tests.fixtures.knowledge import KeywordEncoder, encoder, page
from workers.jobs import embed, embed_shard

__all__ = ["encoder", "page"]


@pytest.fixture
def job_context(make_context, encoder):
    return make_context(encoder=LazyEncoder(lambda: encoder))


@pytest.fixture
def waiting(store):
    return store.documents.count_chunks_without_vector


def handbook(page, chunks, team="T1"):
    parts = [Chunk("Page", "", f"passage {number} of {team}") for number in range(chunks)]
    return page("", team=team, chunks=parts, hash=team)


def serve(context):
    """Runs the jobs of all shards as one worker does."""
    while context.queue.jobs:
        job, key = context.queue.jobs.popleft()
        assert job == "embed_shard"
        embed_shard.run(context, key)


def test_a_page_is_embedded_at_once(job_context, store, page, waiting):
    store.documents.upsert(handbook(page, 10))

    embed.run(job_context, "T1")

    assert waiting() == 0
    assert not job_context.queue.jobs


def test_a_handbook_is_left_to_all_workers_in_shards(job_context, store, page, waiting, encoder):
    chunks = embed.CHUNKS_AT_ONCE + 3 * embed_shard.SHARDS * embed_shard.CHUNKS_PER_TURN
    store.documents.upsert(handbook(page, chunks))

    embed.run(job_context, "T1")

    shards = [("embed_shard", str(number)) for number in range(embed_shard.SHARDS)]
    assert list(job_context.queue.jobs) == shards
    serve(job_context)
    assert waiting() == 0
    assert len(encoder.encoded) == chunks


def test_other_jobs_have_their_turn_after_each_round_of_the_shards(job_context, store, page):
    store.documents.upsert(handbook(page, embed.CHUNKS_AT_ONCE + 5_000))
    embed.run(job_context, "T1")
    job_context.queue.enqueue("digest", "T2 2026-W49")

    for _ in range(embed_shard.SHARDS):
        _, key = job_context.queue.jobs.popleft()
        embed_shard.run(job_context, key)

    assert job_context.queue.jobs[0] == ("digest", "T2 2026-W49")
    assert len(job_context.queue.jobs) == 1 + embed_shard.SHARDS


class InterruptedEncoder(KeywordEncoder):
    """Lets another worker do `meanwhile` before each of its own answers, but not within that."""

    def __init__(self):
        super().__init__()
        self.meanwhile = []

    def encode(self, texts):
        others, self.meanwhile = self.meanwhile, []
        for run in others:
            run()

        return super().encode(texts)


def test_two_workers_embed_no_chunk_twice(make_context, store, page):
    encoder = InterruptedEncoder()
    context = make_context(encoder=LazyEncoder(lambda: encoder))
    chunks = embed.CHUNKS_AT_ONCE + 500
    store.documents.upsert(handbook(page, chunks))
    embed.run(context, "T1")

    while context.queue.jobs:
        _, key = context.queue.jobs.popleft()
        # In the middle of this turn another worker takes the same shard, and the next one.
        following = str((int(key) + 1) % embed_shard.SHARDS)
        encoder.meanwhile = [
            partial(embed_shard.run, context, number) for number in (key, following)
        ]
        embed_shard.run(context, key)

    assert len(encoder.encoded) == chunks
    assert store.documents.count_chunks_without_vector() == 0


def test_a_shard_whose_worker_died_is_embedded_when_its_lease_is_over(
    job_context, store, page, waiting, clock
):
    store.documents.upsert(handbook(page, 10))
    store.leaders.hold("embed shard 1", "dead", clock(), embed_shard.LEASE_SECONDS)

    for number in range(embed_shard.SHARDS):
        embed_shard.run(job_context, str(number))
    assert waiting() > 0

    clock.forward(embed_shard.LEASE_SECONDS)
    embed_shard.run(job_context, "1")
    assert waiting() == 0


def test_a_page_does_not_wait_for_another_workspace_s_handbook(job_context, store, page, encoder):
    store.documents.upsert(handbook(page, 3_000))
    store.documents.upsert(handbook(page, 5, team="T2"))

    embed.run(job_context, "T1")

    assert sum(text.endswith("of T2") for text in encoder.encoded) == 5


def test_a_queue_that_is_away_does_not_fail_the_turn(job_context, store, page, waiting):
    store.documents.upsert(handbook(page, embed.CHUNKS_AT_ONCE + 1))
    job_context.queue.down = True

    embed.run(job_context, "T1")

    assert waiting() == 1
