"""Deleted text leaves no bytes in the database files."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, select

from router.store.base.knowledge_tables import chunk_vector
from router.store.base.tables import dataset, outcome, route_version
from router.store.requests.sendings import Sending
from router.types import Citation, Feedback, Outcome, Proposal
from workers.knowledge.channel_history import ChannelHistory
from workers.knowledge.ingest import embed_chunks
from workers.ports import ChannelInfo
from workers.privacy.erasure import erase_person, find_remaining, overwrite_deleted
from workers.privacy.text_retention import expire_texts

CANARY = "zanzibarcanary"


@pytest.fixture
def files_with_canary(tmp_path, store):
    """The files that still contain the canary after the database was closed."""

    def search() -> list[str]:
        store.close()
        return find_remaining([tmp_path], [CANARY])

    return search


@pytest.fixture
def add_request(store, make_request, make_decision, clock):
    def ask(text: str, **over: object) -> str:
        request = make_request(text, **over)
        store.requests.insert(request, clock())
        store.decisions.insert_first(request.id, make_decision(), clock(), ("e", b"\0" * 16))
        store.decisions.insert_outcome(
            request.id, 0, Outcome(text=f"you said {text}", model="m"), clock()
        )

        return request.id

    return ask


def test_a_deleted_document_leaves_no_bytes(store, index, page, files_with_canary, encoder):
    index.upsert(
        page(f"The secret is {CANARY}.\n\nAnd {CANARY} again."), page("Other words.", key="other")
    )
    embed_chunks(index, encoder)
    index.delete("T1", ["handbook:page.md"])
    overwrite_deleted(store)
    assert files_with_canary() == []


def test_what_waited_for_a_word_goes_with_its_request(
    store, index, add_request, files_with_canary, clock
):
    old, mine = add_request("keep it"), add_request("and this", user="U9")
    for key in (old, mine):
        store.proposals.propose(
            Proposal(key, 0, "note", {"text": CANARY}, f"Keep {CANARY}?", clock())
        )

    seen = store.proposals.get(f"{old}.0")
    assert store.proposals.decide(seen, "confirmed", "U9", clock())

    erase_person(store, index, "T1", "U9", clock())
    assert store.proposals.get(f"{mine}.0") is None
    assert store.proposals.get(f"{old}.0").decided_by == ""
    expire_texts(store, clock() + 40 * 86_400.0, 30.0)
    overwrite_deleted(store)
    assert files_with_canary() == []


def test_nobody_is_named_who_was_handed_something(store, index, add_request, clock):
    key = add_request("the printer jams")
    for number, kind in enumerate(("person", "reply")):
        presser = "U9" if kind == "reply" else "U1"
        store.sendings.add(Sending(f"k{number}", key, 0, kind, "U9", {}, presser, clock()))

    erase_person(store, index, "T1", "U9", clock())

    left = [store.sendings.get(f"k{number}") for number in range(2)]
    assert [(one.target, one.user) for one in left] == [("", "U1"), ("", "")]


def test_the_bytes_are_there_before(index, page, files_with_canary):
    index.upsert(page(f"The secret is {CANARY}."))
    assert files_with_canary() != []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
def test_words_beyond_ascii_are_found_in_either_case(tmp_path, encoding):
    text = "Ärger mit Łódź: THE Ferry is late"
    (tmp_path / "old.db").write_bytes(b"\0" + text.encode(encoding))

    assert find_remaining([tmp_path], [text]) == [str(tmp_path / "old.db")]


def test_what_an_edit_removed_leaves_no_bytes(store, index, page, files_with_canary):
    index.upsert(page(f"The secret is {CANARY}."))
    index.upsert(page("The secret is no more."))
    overwrite_deleted(store)
    assert files_with_canary() == []


def test_the_index_still_works_after_scrubbing(store, index, page, member):
    index.upsert(page("One tide."), page("Two harbours.", key="b"))
    index.delete("T1", ["handbook:page.md"])
    overwrite_deleted(store)
    assert [hit.body for hit in index.search("tide harbour", None, member)] == ["Two harbours."]


def test_a_person_s_requests_and_answers_are_forgotten(
    store, index, add_request, files_with_canary, clock
):
    key = add_request(f"my secret is {CANARY}")
    store.feedback.record(Feedback(key, "U1", "note", f"about {CANARY}", clock()))
    others = add_request("something else", user="U2")
    gone = erase_person(store, index, "T1", "U1", 0.0)
    assert gone.rows["request"] == 1
    assert store.requests.get(others) is not None
    assert store.requests.get(key) is None
    assert files_with_canary() == []


def test_what_a_person_said_in_a_channel_is_forgotten(
    store, index, add_request, files_with_canary, clock
):
    history = ChannelHistory(index, store.access, lambda channel: "https://x.example/{anchor}")
    history.allow("T1", ChannelInfo("C1", "harbour", public=True, shared=False), ["U1", "U2"], 0.0)
    root = {
        "type": "message",
        "channel": "C1",
        "user": "U2",
        "text": "Who knows the word?",
        "ts": "1700000000.000100",
    }

    reply = root | {
        "user": "U1",
        "text": f"It is {CANARY}.",
        "ts": "1700000001.000100",
        "thread_ts": root["ts"],
    }
    for event in (root, reply):
        history.apply("T1", event)

    key = add_request("what is the word", user="U2")
    quoted = Outcome(
        text=f"It is {CANARY}. [1]", citations=(Citation(1, "t", "u", f"It is {CANARY}."),)
    )
    store.decisions.insert_outcome(key, 1, quoted, clock())
    assert erase_person(store, index, "T1", "U1", 0.0).rows["answer"] == 1
    viewer = store.access.viewer("T1", "U2", "D1", "dm", since=0.0)
    assert [hit.body for hit in index.search("who knows the word", None, viewer)] == [
        "Who knows the word?"
    ]
    assert files_with_canary() == []


def test_datasets_lose_the_person_and_what_was_tuned_on_them_is_named(store, index):
    rows = [{"text": CANARY, "user": "U1"}, {"text": "kept", "user": "U2"}]
    with store.begin() as connection:
        values = {
            "team": "T1",
            "id": "d1",
            "candidate": None,
            "route": "triage",
            "rows": rows,
            "card": {},
            "at": 0.0,
        }

        connection.execute(insert(dataset).values(values))
        version = {
            "team": "T1",
            "route": "triage",
            "id": "abc",
            "kind": "tuned",
            "state": "live",
            "body": {"dataset": "d1"},
            "at": 0.0,
        }

        connection.execute(insert(route_version).values(version))

    gone = erase_person(store, index, "T1", "U1", 0.0)
    assert (gone.datasets, gone.retrain) == (("d1",), ("triage@abc",))

    with store.begin() as connection:
        assert connection.execute(select(dataset.c.rows)).scalar() == [
            {"text": "kept", "user": "U2"}
        ]


def test_forgetting_twice_is_forgetting_once(store, index, add_request):
    add_request("hello")
    erase_person(store, index, "T1", "U1", 0.0)
    assert set(erase_person(store, index, "T1", "U1", 0.0).rows.values()) == {0}


def test_the_same_user_id_in_another_workspace_is_another_person(store, index, add_request):
    key = add_request("hello", team="T2")
    erase_person(store, index, "T1", "U1", 0.0)
    assert store.requests.get(key) is not None


def test_old_texts_go_and_counts_stay(store, add_request, clock, files_with_canary):
    old = add_request(f"my secret is {CANARY}")
    clock.forward(31 * 86_400)
    new = add_request("new words")
    assert expire_texts(store, clock(), 30) == 1
    overwrite_deleted(store)
    assert store.requests.get(old).text == ""
    assert store.requests.vector(old) is None
    assert store.requests.get(new).text == "new words"

    with store.begin() as connection:
        models = (
            connection.execute(select(outcome.c.model).where(outcome.c.request == old))
            .scalars()
            .all()
        )

    assert models == ["m"]
    assert files_with_canary() == []


def test_vectors_go_with_their_pieces(store, index, page, encoder):
    index.upsert(page("One."))
    embed_chunks(index, encoder)
    index.delete("T1", ["handbook:page.md"])

    with store.begin() as connection:
        assert connection.execute(select(chunk_vector)).first() is None
