"""Saved answers of people are quoted beside documents, to whoever may read their channel."""

from __future__ import annotations

import random

import pytest
from sqlalchemy import insert

from evals.bench.people.rights import RightsCounts, build_world, check_search, run_workspace
from router.store.base.knowledge_tables import member
from router.store.knowledge.captured_answers import CapturedAnswer
from workers.knowledge.people_answers import answer_document, find_question

TEAM, NOW = "T1", 1_800_000_000.0
DAY = 86_400.0


def captured(channel="C1", ts="1799000000.000100", **over):
    values = {
        "team": TEAM,
        "channel": channel,
        "ts": ts,
        "thread_ts": ts,
        "question_ts": "",
        "author": "U2",
        "asker": "",
        "owner": "UADA",
        "reviewer": "UADA",
        "request": "",
        "route": "",
        "at": NOW,
        "valid_until": NOW + DAY,
    }
    return CapturedAnswer(**(values | over))


@pytest.fixture
def save(store):
    """Saves an answer in C1, a public channel."""
    store.access.set_channel(TEAM, "C1", at=NOW, name="general", public=True, shared=False)
    store.access.set_members(TEAM, "C1", ["U1", "U2"], NOW)

    def save(question, text, **over):
        answer = captured(**over)
        words = answer_document(answer, (question, text), "Grace", "https://acme.example/p1")
        store.captured_answers.save(answer, words)
        return answer

    return save


def test_a_saved_answer_is_quoted_with_its_author_and_day(answer, save):
    save("How do I book the zanzibar room?", "Ask the front desk for the zanzibar room key.")

    outcome = answer("How do I book the zanzibar room?", channel_kind="public")

    assert "front desk" in outcome.text
    assert outcome.text.startswith("This is what colleagues answered")
    assert "answered by Grace on 2027-01-03" in outcome.citations[0].title


@pytest.mark.parametrize("changed_at", [NOW - 400 * DAY, NOW])
def test_an_answer_that_contradicts_a_document_is_shown_beside_it(
    answer, save, index, page, changed_at
):
    index.upsert(page("A hotel room may cost up to 140 euros a night.", updated_at=changed_at))
    save("What may a hotel room cost?", "Since May we pay no more than 90 euros for a hotel room.")

    outcome = answer("What may a hotel room cost a night?", channel_kind="public")

    assert "140 euros" in outcome.text
    assert "90 euros" in outcome.text
    assert "These do not agree" in outcome.text
    assert outcome.text.startswith("This is what the documents and colleagues say")


def test_an_answer_that_says_the_same_number_is_no_contradiction(answer, save, index, page):
    index.upsert(page("A hotel room may cost up to 140 euros a night."))
    save("What may a hotel room cost?", "You can spend 140 euros on a hotel room.")

    outcome = answer("What may a hotel room cost a night?", channel_kind="public")

    assert "do not agree" not in outcome.text


def test_a_removed_source_takes_its_answers_with_it(store, save):
    from workers.knowledge.refresh import remove_source

    save("What may a hotel room cost?", "Up to 90 euros.")

    assert remove_source(store, TEAM, "answer:C1") == 1
    assert store.captured_answers.for_channel(TEAM, "C1") == []


def test_a_saved_answer_is_a_row_of_its_route_s_dataset(store, save, make_request):
    request = make_request("where is it", channel_kind="public", ts="1798000000.000100")
    store.requests.insert(request, NOW)
    save("Where is it?", "In the cabinet.", request=request.id, route="handbook", asker="U1")

    (row,) = store.captured_answers.answers_to(TEAM, [request.id], "handbook")

    assert (row["text"], row["answer"], row["user"]) == ("Where is it?", "In the cabinet.", "U1")
    assert store.captured_answers.answers_to(TEAM, [request.id], "other") == []
    store.opt_outs.add(TEAM, "U1", NOW)
    assert store.captured_answers.answers_to(TEAM, [request.id], "handbook") == []


def message(ts, user, text="words", **over):
    return {"ts": ts, "user": user, "text": text, "thread_ts": "1.0", **over}


@pytest.mark.parametrize(
    ("requests", "question"),
    [({"1.0", "3.0"}, "3.0"), ({"1.0"}, "1.0"), (set(), "1.0")],
)
def test_the_question_is_the_last_request_or_what_began_the_thread(requests, question):
    thread = [message("1.0", "U1"), message("2.0", "U3"), message("3.0", "U1")]
    found = find_question([*thread, message("5.0", "U1")], message("4.0", "U2"), requests)
    assert found["ts"] == question


def test_an_author_does_not_answer_their_own_question():
    thread = [message("1.0", "U2"), message("2.0", "U1", bot_id="B1"), message("3.0", "U3")]
    assert find_question(thread, message("4.0", "U2"), {"1.0"})["ts"] == "3.0"
    assert find_question(thread[:2], message("4.0", "U2"), set()) is None


@pytest.mark.parametrize("seed", range(3))
def test_nobody_is_shown_an_answer_of_a_channel_that_a_reader_may_not_read(store, seed):
    counts = run_workspace(store, seed, 300)

    assert counts.cases > 200
    assert (counts.leaks, counts.missing) == (0, 0)


@pytest.mark.parametrize("seed", range(3))
def test_the_comparison_notices_a_right_that_was_left_behind(store, seed, monkeypatch):
    """A rule that no fault can break would prove nothing."""
    monkeypatch.setattr(type(store.access), "set_members", lambda *_: None)
    people = [f"U{number}" for number in range(10)]
    rng = random.Random(seed)
    counts = RightsCounts()
    with store.begin() as connection:
        rows = [
            {"team": "T1", "channel": f"C{n}", "user": user, "asked_at": NOW}
            for n in range(8)
            for user in people
        ]
        connection.execute(insert(member), rows)

    world = build_world(store, rng, counts)
    for _ in range(300):
        check_search(store, world, counts)

    assert counts.leaks > 0
