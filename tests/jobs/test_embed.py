"""Vectors are made some hundred at a time, so that a large handbook holds up nobody."""

from __future__ import annotations

import pytest

from router.encoder.lazy import LazyEncoder
from router.index import Chunk
from tests.fixtures.knowledge import encoder, page
from workers.jobs import embed

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


def test_a_handbook_takes_one_turn_after_another(job_context, store, page, waiting):
    store.documents.upsert(handbook(page, embed.CHUNKS_PER_TURN + 10))
    job_context.queue.enqueue("digest", "T2 2026-W49")

    embed.run(job_context, "T1")

    assert waiting() == 10
    assert list(job_context.queue.jobs) == [("digest", "T2 2026-W49"), ("embed", "T1")]


def test_the_last_turn_asks_for_no_further_one(job_context, store, page, waiting):
    store.documents.upsert(handbook(page, 10))

    embed.run(job_context, "T1")

    assert waiting() == 0
    assert not job_context.queue.jobs


def test_a_page_does_not_wait_for_another_workspace_s_handbook(job_context, store, page, encoder):
    store.documents.upsert(handbook(page, 3 * embed.CHUNKS_PER_TURN))
    store.documents.upsert(handbook(page, 5, team="T2"))

    embed.run(job_context, "T1")

    assert sum(text.endswith("of T2") for text in encoder.encoded) == 5


def test_a_queue_that_is_away_does_not_fail_the_turn(job_context, store, page, waiting):
    store.documents.upsert(handbook(page, embed.CHUNKS_PER_TURN + 1))
    job_context.queue.down = True

    embed.run(job_context, "T1")

    assert waiting() == 1
