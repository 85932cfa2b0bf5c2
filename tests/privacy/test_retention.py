"""Housekeeping: missing embeddings, overwriting deleted text, and retention."""

from __future__ import annotations

import pytest

from workers.fakes import MemoryQueue
from workers.knowledge.ingest import embed_chunks
from workers.privacy.erasure import find_remaining
from workers.privacy.housekeeping import Housekeeping

CANARY = "zanzibarcanary"


@pytest.fixture
def queue():
    return MemoryQueue({"embed": "compute"})


@pytest.fixture
def keep(store, queue, encoder, clock):
    return Housekeeping(store, queue, encoder.model_id, 30.0, clock)


def test_a_deleted_document_s_bytes_are_gone_after_one_round(keep, store, index, page, tmp_path):
    index.upsert(page(f"The secret is {CANARY}."))
    index.delete("T1", ["handbook:page.md"])
    assert find_remaining([tmp_path], [CANARY])
    keep.run_once()
    store.close()
    assert find_remaining([tmp_path], [CANARY]) == []


def test_what_an_edit_removed_is_gone_too(keep, store, index, page, tmp_path):
    index.upsert(page(f"The secret is {CANARY}."))
    keep.run_once()
    index.upsert(page("The secret is no more."))
    keep.run_once()
    store.close()
    assert find_remaining([tmp_path], [CANARY]) == []


def test_vectors_are_asked_for_while_some_are_missing(keep, queue, index, page, encoder):
    keep.run_once()
    assert not queue.jobs
    index.upsert(page("The tide turns at noon."))
    keep.run_once()
    assert [step for step, _ in queue.jobs] == ["embed"]
    embed_chunks(index, encoder)
    keep.run_once()
    assert len(queue.jobs) == 1


def test_a_queue_that_is_away_stops_nothing_else(keep, queue, index, page, tmp_path, store):
    queue.down = True
    index.upsert(page(f"The secret is {CANARY}."), page("The tide turns.", key="other"))
    index.delete("T1", ["handbook:page.md"])
    keep.run_once()
    store.close()
    assert find_remaining([tmp_path], [CANARY]) == []


def test_texts_are_let_go_after_thirty_days(keep, store, make_request, clock):
    request = make_request("please keep this for a while")
    store.requests.insert(request, clock())
    clock.forward(29 * 86_400.0)
    keep.run_once()
    assert store.requests.get(request.id).text
    clock.forward(2 * 86_400.0)
    keep.run_once()
    assert store.requests.get(request.id).text == ""


def test_zero_days_keep_them(store, queue, encoder, make_request, clock):
    request = make_request("please keep this for good")
    store.requests.insert(request, clock())
    clock.forward(400 * 86_400.0)
    Housekeeping(store, queue, encoder.model_id, 0.0, clock).run_once()
    assert store.requests.get(request.id).text
