"""Contract of the store, on every database."""

from __future__ import annotations

import importlib
import pkgutil
import threading
from dataclasses import replace

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

import router.store
from router.errors import StoreError
from router.store import open_store
from router.store.base.tables import metadata
from router.store.mining.channel_messages import ChannelMessage, MinedChannel
from router.store.versions.versions import StoredVersion
from router.store.workspace.channel_rules import ChannelRule
from router.types import Citation, Feedback, Outcome, Proposal, Tokens


@pytest.fixture
def store(every_store):
    return every_store


def decided(store, make_request, make_decision, clock, **over):
    request = make_request(**over)
    assert store.requests.insert(request, clock())
    assert store.decisions.insert_first(request.id, make_decision(), clock())

    return request


def test_a_request_comes_back_as_it_was_stored(store, make_request, clock):
    request = make_request("naïve 🐶 <@U9>", thread_ts="1.0", channel_kind="dm", source="dm")
    store.requests.insert(request, clock())
    assert store.requests.get(request.id) == request


def test_the_same_event_is_remembered_once(store, make_request, clock):
    first = make_request()
    assert store.requests.insert(first, clock())
    assert not store.requests.insert(make_request(event_id=first.event_id), clock())


def test_two_events_of_one_message_are_one_request(store, make_request, clock):
    first = make_request()
    assert store.requests.insert(first, clock())
    assert not store.requests.insert(make_request(ts=first.ts), clock())


def test_the_same_ts_in_another_channel_is_another_request(store, make_request, clock):
    first = make_request()
    store.requests.insert(first, clock())
    assert store.requests.insert(make_request(ts=first.ts, channel="C2"), clock())


def test_the_first_decision_counts(store, make_request, make_decision, clock):
    request = decided(store, make_request, make_decision, clock)
    assert not store.decisions.insert_first(request.id, make_decision("rewrite"), clock())
    assert store.decisions.newest(request.id).route == "triage"


def test_a_decision_and_its_outcome_come_back_equal(store, make_request, make_decision, clock):
    request = decided(store, make_request, make_decision, clock)
    outcome = Outcome(
        "said",
        {"a": [1]},
        (Citation(1, "t", "http://x", "q"),),
        Tokens(1, 2, 3, 4, 5),
        0.25,
        1.5,
        "m",
        "triage",
        "rag",
    )

    store.decisions.insert_outcome(request.id, 0, outcome, clock())
    assert store.decisions.outcome(request.id, 0) == outcome
    assert store.decisions.newest(request.id) == make_decision()


def test_one_worker_at_a_time_holds_a_request(store, make_request, make_decision, clock):
    request = decided(store, make_request, make_decision, clock)
    assert store.requests.acquire(request.id, "a", clock(), 10) is not None
    assert store.requests.acquire(request.id, "b", clock(), 10) is None


def test_a_lease_that_ran_out_is_given_to_the_next_with_a_higher_fence(
    store, make_request, make_decision, clock
):
    request = decided(store, make_request, make_decision, clock)
    old = store.requests.acquire(request.id, "a", clock(), 10)
    clock.forward(11)
    new = store.requests.acquire(request.id, "b", clock(), 10)
    assert new.fence > old.fence
    assert not store.requests.is_current(old)


def test_a_worker_that_lost_its_lease_can_neither_finish_nor_renew(
    store, make_request, make_decision, clock
):
    request = decided(store, make_request, make_decision, clock)
    old = store.requests.acquire(request.id, "a", clock(), 10)
    clock.forward(11)
    store.requests.acquire(request.id, "b", clock(), 10)
    store.requests.complete(old, "answered", clock())
    assert store.requests.renew([old], clock(), 10) == []
    assert store.requests.get(request.id).state == "decided"


@pytest.mark.parametrize("end", ["complete", "retry"])
def test_a_click_on_an_answer_that_is_not_closed_yet_is_served_next(
    store, make_request, make_decision, clock, end
):
    request = decided(store, make_request, make_decision, clock)
    lease = store.requests.acquire(request.id, "a", clock(), 10)
    store.decisions.revise(request.id, make_decision(), 0, clock(), asked_by="U1")
    store.requests.renew([lease], clock(), 10)

    if end == "complete":
        assert store.requests.complete(lease, "answered", clock()) == request.id
    else:
        store.requests.retry(lease, clock() + 60, "model", free=True)

    assert store.requests.acquire(request.id, "b", clock(), 10).tries == 1
    assert store.decisions.newest(request.id).revision == 1


def test_a_renewed_lease_outlives_its_first_length(store, make_request, make_decision, clock):
    request = decided(store, make_request, make_decision, clock)
    lease = store.requests.acquire(request.id, "a", clock(), 10)
    clock.forward(9)
    store.requests.renew([lease], clock(), 10)
    clock.forward(9)
    assert store.requests.acquire(request.id, "b", clock(), 10) is None


def test_messages_of_one_thread_are_served_in_order(store, make_request, make_decision, clock):
    first = decided(store, make_request, make_decision, clock, thread_ts="1.0")
    second = decided(store, make_request, make_decision, clock, thread_ts="1.0")
    assert store.requests.acquire(second.id, "a", clock(), 10) is None
    lease = store.requests.acquire(first.id, "a", clock(), 10)
    assert store.requests.complete(lease, "answered", clock()) == second.id
    assert store.requests.acquire(second.id, "a", clock(), 10) is not None


def test_what_should_have_moved_is_due_once_per_period(store, make_request, make_decision, clock):
    request = decided(store, make_request, make_decision, clock)
    assert store.requests.claim_overdue("decided", clock(), clock() + 5) == [request.id]
    assert store.requests.claim_overdue("decided", clock(), clock() + 5) == []
    clock.forward(6)
    assert store.requests.claim_overdue("decided", clock(), clock() + 5) == [request.id]


def test_a_leased_request_is_not_due(store, make_request, make_decision, clock):
    request = decided(store, make_request, make_decision, clock)
    store.requests.acquire(request.id, "a", clock(), 10)
    assert store.requests.claim_overdue("decided", clock(), clock() + 5) == []


def test_a_dead_letter_is_listed_and_can_be_replayed(store, make_request, make_decision, clock):
    request = decided(store, make_request, make_decision, clock)
    lease = store.requests.acquire(request.id, "a", clock(), 10)
    store.requests.complete(lease, "dead", clock(), "model")
    assert [(letter.id, letter.error) for letter in store.requests.dead_letters()] == [
        (request.id, "model")
    ]
    assert store.requests.reopen(request.id, clock())
    assert store.requests.acquire(request.id, "b", clock(), 10).tries == 1


def test_a_correction_adds_a_revision_only_to_what_the_person_saw(
    store, make_request, make_decision, clock
):
    request = decided(store, make_request, make_decision, clock)
    assert (
        store.decisions.revise(
            request.id, make_decision("rewrite"), 0, clock(), asked_by="U2"
        ).revision
        == 1
    )
    assert (
        store.decisions.revise(request.id, make_decision("triage"), 0, clock(), asked_by="U2")
        is None
    )
    assert store.decisions.newest(request.id).route == "rewrite"


def test_the_last_word_of_a_person_counts_even_when_an_older_one_arrives_late(
    store, make_request, clock
):
    request = make_request()
    store.requests.insert(request, clock())
    store.feedback.record(Feedback(request.id, "U1", "thumb", "down", 20.0))
    store.feedback.record(Feedback(request.id, "U1", "thumb", "up", 10.0))
    assert [word.value for word in store.feedback.for_request(request.id)] == ["down"]


def test_corrections_become_examples_with_their_person(store, make_request, clock):
    request = make_request("reset my password")
    store.requests.insert(request, clock())
    store.feedback.record(Feedback(request.id, "U7", "route", "triage", clock()))
    (label,) = store.labels.all("T1")
    assert (label.example.text, label.example.route, label.example.user) == (
        "reset my password",
        "triage",
        "U7",
    )


def test_going_live_leaves_exactly_one_live_version(store):
    for n in "123":
        store.versions.insert(
            StoredVersion("T1", "triage", n, "prompt", "shadow", {"n": n}, float(n))
        )
        store.versions.go_live("T1", "triage", n)

    assert store.versions.live("T1", "triage").id == "3"
    assert [version.state for version in store.versions.for_route("T1", "triage")] == [
        "live",
        "retired",
        "retired",
    ]


def test_a_known_version_is_never_changed(store):
    store.versions.insert(StoredVersion("T1", "triage", "1", "prompt", "live", {"n": 1}, 1.0))
    assert not store.versions.insert(
        StoredVersion("T1", "triage", "1", "rag", "shadow", {"n": 2}, 2.0)
    )
    assert store.versions.get("T1", "triage", "1").body == {"n": 1}


def test_the_ts_recorded_first_is_the_one_that_counts(store, make_request, clock):
    request = make_request()
    store.requests.insert(request, clock())
    assert store.replies.begin_post(request.id, "C1") is None
    assert store.replies.begin_post(request.id, "C1").posting
    assert store.replies.complete_post(request.id, "5.0") == "5.0"
    assert store.replies.complete_post(request.id, "6.0") == "5.0"
    assert store.replies.request_at("T1", "C1", "5.0") == request.id


def test_stats_count_each_request_once_with_its_newest_revision(
    store, make_request, make_decision, clock
):
    request = decided(store, make_request, make_decision, clock)
    store.decisions.revise(request.id, make_decision("rewrite"), 0, clock(), asked_by="U2")
    lease = store.requests.acquire(request.id, "a", clock(), 10)
    store.decisions.insert_outcome(
        request.id, 1, Outcome("x", usd=0.5, route="rewrite", kind="prompt"), clock()
    )
    clock.forward(2)
    store.requests.complete(lease, "answered", clock())
    period = store.stats.since("T1", 0.0)
    assert (period.requests, period.answered, period.usd, period.p50_seconds) == (1, 1, 0.5, 2.0)
    assert [(route.route, route.share) for route in period.routes] == [("rewrite", 1.0)]


def test_another_workspace_sees_nothing(store, make_request, make_decision, clock):
    decided(store, make_request, make_decision, clock)
    assert store.stats.since("T2", 0.0).requests == 0


def test_many_writers_never_find_the_database_locked(store, make_request, clock):
    requests = [make_request() for _ in range(80)]
    errors = []

    def write(part):
        try:
            for request in part:
                store.requests.insert(request, clock())
        except SQLAlchemyError as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(requests[n::8],)) for n in range(8)]
    for thread in threads:
        thread.start()

    for thread in threads:
        thread.join()

    assert errors == []
    assert all(store.requests.get(request.id) for request in requests)


def in_the_code(thing, name, kind, *_):
    """False for the tables in which a database keeps its full-text and vector indexes."""
    own = name is not None and name.startswith(("chunk_text", "ix_chunk_words", "ix_chunk_text"))
    return not own and not (
        kind == "column"
        and (thing.table.name, name) in {("chunk", "words"), ("chunk_vector", "near")}
    )


@pytest.mark.filterwarnings("ignore:Did not recognize type 'vector'")
def test_the_migrations_make_exactly_the_tables_of_the_code(store):
    for module in pkgutil.walk_packages(router.store.__path__, "router.store."):
        if ".migrations" not in module.name:
            importlib.import_module(module.name)

    with store.engine.connect() as connection:
        difference = compare_metadata(
            MigrationContext.configure(connection, opts={"include_object": in_the_code}), metadata
        )

    assert difference == []


def test_a_store_of_a_newer_beagle_is_refused(store):
    with store.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(StoreError, match="9999"):
        open_store(store.engine.url.render_as_string(hide_password=False))


def test_a_character_that_a_database_cannot_hold_costs_no_message(store, make_request, clock):
    request = make_request("before\x00after")
    assert store.requests.insert(request, clock())
    assert "after" in store.requests.get(request.id).text


def test_transactions_with_one_lock_take_turns(store):
    counted = []

    def count():
        for _ in range(20):
            with store.begin(("route", "T1", "triage")) as connection:
                held = connection.execute(
                    text("SELECT rollout_share FROM route_version WHERE id = 'v1'")
                ).scalar_one()
                connection.execute(
                    text("UPDATE route_version SET rollout_share = :n WHERE id = 'v1'"),
                    {"n": held + 1},
                )

        counted.append(True)

    store.versions.insert(StoredVersion("T1", "triage", "v1", "prompt", "shadow", {}, 1.0))

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()

    for thread in threads:
        thread.join()

    assert len(counted) == 4
    assert store.versions.get("T1", "triage", "v1").rollout_share == 80


def test_an_unknown_kind_of_database_is_refused_with_the_known_ones():
    with pytest.raises(StoreError, match="postgresql, sqlite"):
        open_store("mysql://x/y")


def test_channel_messages_are_stored_only_while_the_channel_is_mined_and_the_author_takes_part(
    store,
):
    said = ChannelMessage("T1", "C1", "1.0", "U1", "naïve 🐶", "public", 5.0)
    assert not store.channel_messages.insert(said)
    store.channel_rules.upsert(ChannelRule("T1", "C1"))
    assert store.channel_messages.start_mining("T1", "C1", "UADMIN", 1.0)
    assert not store.channel_messages.start_mining("T1", "C1", "UOTHER", 2.0)
    assert store.channel_messages.insert(said)
    assert not store.channel_messages.insert(said)
    store.opt_outs.add("T1", "U2", 3.0)
    assert not store.channel_messages.insert(replace(said, ts="2.0", user="U2"))
    assert store.channel_messages.between("T1", 0.0, 9.0) == [said]
    assert store.channel_messages.mined_channels("T1", 0.0, 9.0) == [
        MinedChannel("C1", "UADMIN", 1.0, 1)
    ]
    assert store.mining.active_teams(4.0) == ["T1"]
    assert store.channel_messages.stop_mining("T1", "C1") == 1
    assert store.channel_messages.mined_channels("T1", 0.0, 9.0) == []
    assert not store.channel_messages.insert(said)


def test_an_opinion_or_a_proposal_for_an_erased_request_is_not_stored(every_store, clock):
    every_store.feedback.record(Feedback("gone", "U1", "thumb", "up", clock()))
    every_store.proposals.propose(Proposal("gone", 0, "note", {"text": "a"}, "Keep a?", clock()))

    assert every_store.feedback.for_request("gone") == []
    assert every_store.proposals.get("gone.0") is None
