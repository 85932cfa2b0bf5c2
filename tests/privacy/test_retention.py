"""Housekeeping: missing embeddings, overwriting deleted text, and retention."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from router.candidate_evidence import CandidateEvidence
from router.config import Settings
from router.errors import StoreError
from router.store.weekly.datasets import StoredDataset
from router.types import Candidate
from workers.fakes import MemoryQueue
from workers.knowledge.ingest import embed_chunks
from workers.privacy import housekeeping
from workers.privacy.erasure import find_remaining
from workers.privacy.housekeeping import Housekeeping

CANARY = "zanzibarcanary"


@pytest.fixture
def queue():
    return MemoryQueue({"embed": "compute"})


@pytest.fixture
def keep(store, queue, encoder, clock):
    return Housekeeping(store, queue, encoder.model_id, Settings(_env_file=None), clock)


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
    forever = Settings(_env_file=None, retention_days=0.0)
    Housekeeping(store, queue, encoder.model_id, forever, clock).run_once()
    assert store.requests.get(request.id).text


@pytest.fixture
def quoting(store, clock):
    """A candidate, a digest and a dataset that quote a message."""
    evidence = CandidateEvidence(count=7, examples=(CANARY,), reasons=("asked often",))
    new = Candidate("T1:c1", "T1", "boats", f"Like “{CANARY}”.", "digested", evidence=evidence)
    store.candidates.upsert(new, clock())
    store.digests.insert("T1", "2027-W01", {"gaps": [{"example": CANARY, "asked": 2}]}, clock())

    rows = [
        {"text": CANARY, "answer": "a", "user": "U1", "at": clock()},
        {"text": "newer", "answer": "b", "user": "U2", "at": clock() + 300 * 86_400.0},
    ]
    card = {"contradictions": [CANARY], "found": 2}
    store.datasets.insert(StoredDataset("T1", "d1", "T1:c1", "triage", rows, card, clock()))
    return new


def test_quotations_expire_with_the_texts_and_figures_stay(keep, store, quoting, clock):
    clock.forward(29 * 86_400.0)
    keep.run_once()
    assert store.candidates.get("T1:c1").evidence.examples == (CANARY,)

    clock.forward(2 * 86_400.0)
    keep.run_once()

    after = store.candidates.get("T1:c1")
    assert (after.evidence.examples, after.definition) == (("",), "")
    assert (after.label, after.evidence.count, after.evidence.reasons) == (
        "boats",
        7,
        ("asked often",),
    )
    assert store.digests.get("T1", "2027-W01").body["gaps"] == [{"example": "", "asked": 2}]
    assert len(store.datasets.get("T1", "d1").rows) == 2


def test_rows_of_datasets_have_a_longer_time_of_their_own(keep, store, quoting, clock, tmp_path):
    clock.forward(366 * 86_400.0)
    keep.run_once()

    kept = store.datasets.get("T1", "d1")
    assert [row["text"] for row in kept.rows] == ["newer"]
    assert kept.card == {"contradictions": [""], "found": 2}
    store.close()
    assert find_remaining([tmp_path], [CANARY]) == []


def test_on_a_server_the_bytes_wait_for_the_hour_of_the_night(
    postgresql_store, queue, encoder, make_request, clock, monkeypatch
):
    store = postgresql_store
    keep = Housekeeping(store, queue, encoder.model_id, Settings(_env_file=None), clock)
    store.requests.insert(make_request(f"my word is {CANARY}"), clock())
    clock.forward(31 * 86_400.0)
    rewritten = []
    monkeypatch.setattr(
        housekeeping, "overwrite_deleted", lambda _: rewritten.append(hour_of(clock))
    )
    for hour in range(48):
        store.requests.insert(make_request(f"hour {hour}", received_at=0.0), clock())
        keep.run_once()
        keep.run_once()
        clock.forward(3_600.0)

    assert rewritten == [3, 3]


def test_on_a_server_each_night_overwrites_what_other_processes_may_have_deleted(
    postgresql_store, queue, encoder, clock, monkeypatch
):
    store = postgresql_store
    keep = Housekeeping(store, queue, encoder.model_id, Settings(_env_file=None), clock)
    rewritten = []
    monkeypatch.setattr(
        housekeeping, "overwrite_deleted", lambda _: rewritten.append(hour_of(clock))
    )
    for _ in range(72):
        keep.run_once()
        clock.forward(3_600.0)

    assert rewritten == [3, 3, 3]


def test_a_file_is_rewritten_once_a_night_if_something_was_deleted(
    keep, store, make_request, clock, monkeypatch
):
    rewritten = []
    monkeypatch.setattr(
        type(store.personal_data), "rewrite_file", lambda _: rewritten.append(hour_of(clock))
    )
    store.requests.insert(make_request("an old one", received_at=0.0), clock())
    for _ in range(72):
        keep.run_once()
        clock.forward(3_600.0)

    assert rewritten == [3]


def hour_of(clock) -> int:
    return int(clock() % 86_400.0 // 3_600.0)


def test_a_copy_with_deleted_rows_is_gone_after_the_next_round(
    postgresql_store, queue, encoder, clock
):
    """A process that was killed while it rewrote a table left it, by day or by night."""
    with postgresql_store.begin() as connection:
        connection.execute(text("CREATE TABLE beagle_rewrite_0_rows (body TEXT)"))

    settings = Settings(_env_file=None)
    Housekeeping(postgresql_store, queue, encoder.model_id, settings, clock).run_once()

    with postgresql_store.begin() as connection:
        found = connection.execute(text("SELECT to_regclass('beagle_rewrite_0_rows')"))
        assert found.scalar_one() is None


def test_a_process_that_ends_rewrites_no_table_any_more(postgresql_store):
    postgresql_store.personal_data.stop_overwriting()

    with pytest.raises(StoreError, match="this process ends"):
        postgresql_store.personal_data.overwrite_deleted()
