"""Vectors are made in small turns, so that a large handbook holds up nobody, by all workers."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from router.encoder.lazy import LazyEncoder
from router.index import Chunk, ChunkShard
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


class WatchedStore:
    """A store whose documents are looked at through something else."""

    def __init__(self, store, documents):
        self._store = store
        self.documents = documents

    def __getattr__(self, name):
        return getattr(self._store, name)


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

    assert [job for job, _ in job_context.queue.jobs] == ["embed_shard"] * embed_shard.SHARDS
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

    jobs = context.queue.jobs

    def run_next():
        if jobs:
            embed_shard.run(context, jobs.popleft()[1])

    while jobs:
        # In the middle of this turn another worker takes the next job, and a third is asked for
        # the same vectors.
        encoder.meanwhile = [
            run_next,
            partial(embed_shard.start_shard, context, int(jobs[0][1].split()[0])),
        ]
        run_next()

    assert len(encoder.encoded) == chunks
    assert store.documents.count_chunks_without_vector() == 0


def test_however_often_vectors_are_asked_for_each_shard_waits_once(job_context, store, page):
    store.documents.upsert(handbook(page, 3_000))

    for _ in range(5):
        embed.run(job_context, "T1")

    shards = [key.split()[0] for _, key in job_context.queue.jobs]
    assert sorted(shards) == [str(number) for number in range(embed_shard.SHARDS)]


def test_a_shard_whose_worker_died_is_embedded_when_its_lease_is_over(
    job_context, store, page, waiting, clock
):
    store.documents.upsert(handbook(page, 10))
    store.leaders.hold("embed shard 1", "dead", clock(), embed_shard.LEASE_SECONDS)

    for number in range(embed_shard.SHARDS):
        embed_shard.start_shard(job_context, number)
    serve(job_context)
    assert waiting() > 0

    clock.forward(embed_shard.LEASE_SECONDS)
    embed_shard.start_shard(job_context, 1)
    serve(job_context)
    assert waiting() == 0


def test_a_chain_that_came_too_late_leaves_the_shard_to_the_next_one(
    job_context, store, page, clock, encoder
):
    store.documents.upsert(handbook(page, 10))
    embed_shard.start_shard(job_context, 1)
    clock.forward(embed_shard.LEASE_SECONDS)
    embed_shard.start_shard(job_context, 1)

    late, current = (key for _, key in job_context.queue.jobs)
    embed_shard.run(job_context, late)
    assert encoder.encoded == []

    embed_shard.run(job_context, current)
    assert encoder.encoded


def test_chunks_that_come_while_a_shard_ends_are_not_left(make_context, store, page):
    """Whoever stored them found the shard taken, and asked for nothing."""
    encoder = InterruptedEncoder()
    context = make_context(encoder=LazyEncoder(lambda: encoder))
    store.documents.upsert(handbook(page, 10))
    looks = []
    look = store.documents.chunks_without_vector

    class LateChunks:
        """Somebody stores chunks right after the last look of a shard's job."""

        def __getattr__(self, name):
            return getattr(store.documents, name)

        def chunks_without_vector(self, *arguments, **options):
            found = look(*arguments, **options)
            if options.get("limit") == 1 and not looks:
                looks.append(found)
                store.documents.upsert(handbook(page, 10, team="T2"))
            return found

    watched = replace(context, store=WatchedStore(store, LateChunks()))
    embed_shard.start_shard(watched, 1)
    serve(watched)

    assert looks == [[]]
    assert look(encoder.model_id, shard=ChunkShard(1, embed_shard.SHARDS)) == []


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

    job_context.queue.down = False
    embed.run(job_context, "T1")
    assert waiting() == 0
