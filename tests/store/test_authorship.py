"""Whose words a row holds: the author's, in the author's own workspace."""

from __future__ import annotations

import pytest

from router.types import Feedback, Outcome
from workers.knowledge.channel_history import ChannelHistory
from workers.privacy.erasure import erase_person

OURS, THEIRS = "T1", "T9"
TEXT = "the tide tables of the northern harbour are wrong"


@pytest.fixture
def ask(store, make_request, make_decision, clock):
    """Stores a decided and answered request with a correction; returns its id."""

    def ask(text=TEXT, **over):
        request = make_request(text, **over)
        store.requests.insert(request, clock())
        store.decisions.insert_first(request.id, make_decision("handbook"), clock())
        outcome = Outcome("No.", {"answered": False}, route="handbook", kind="rag")
        store.decisions.insert_outcome(request.id, 0, outcome, clock())
        return request.id

    return ask


@pytest.fixture
def learned(store, clock):
    """Whatever is learned from, or shown to admins, by the name of its reader."""

    def learned():
        since, until = 0.0, clock() + 1
        mined = store.mining.requests(OURS, since, until)
        keys = [request.id for request in mined]
        every = [f"r{number}" for number in range(1, 20)]
        return {
            "mining": keys,
            "labels": [label.request for label in store.labels.all(OURS)],
            "label list": list(store.labels.uncertain_requests(OURS, since)),
            "answers": [
                row["id"] for row in store.datasets.answered_requests(OURS, every, "handbook")
            ],
            "gaps": [
                question.text for question in store.document_questions.between(OURS, since, until)
            ],
        }

    return learned


def add_labels(store, clock, *ids):
    for key in ids:
        store.feedback.record(Feedback(key, "U7", "review", "handbook", clock()))


def test_what_one_s_own_people_ask_is_learned_from(store, ask, learned, clock):
    asked, labelled = ask(), ask()
    add_labels(store, clock, labelled)

    found = learned()

    assert found["mining"] == found["answers"] == [asked, labelled]
    assert found["labels"] == [labelled]
    assert found["label list"] == [asked]
    assert len(found["gaps"]) == 2


@pytest.mark.parametrize(
    "whose",
    [
        {"user_team": THEIRS},
        {"author": "U2", "author_team": THEIRS},
        {"user": "UOUT"},
        {"author": "UOUT"},
    ],
    ids=["a foreign asker", "a foreign author", "an asker who opted out", "an author who did"],
)
def test_whose_words_are_not_to_be_used_teach_nothing(store, ask, learned, clock, whose):
    store.opt_outs.add(OURS, "UOUT", clock())
    asked, labelled = ask(**whose), ask(**whose)
    add_labels(store, clock, labelled)

    assert asked
    assert {name for name, found in learned().items() if found} == set()


def test_a_correction_by_people_of_another_company_teaches_nothing(store, ask, learned, clock):
    asked = ask()
    store.feedback.record(Feedback(asked, "U2", "route", "triage", clock(), THEIRS))

    assert learned()["labels"] == []


def test_mining_counts_the_author_not_whoever_asked_about_the_message(store, ask, clock):
    ask(user="UADA", author="UGRACE")

    (request,) = store.mining.requests(OURS, 0.0, clock() + 1)
    assert request.user == "UGRACE"


@pytest.mark.parametrize(
    ("person", "left"),
    [
        ((OURS, "UGRACE"), {"mine", "foreign", "namesake"}),
        ((OURS, "UADA"), {"foreign", "namesake"}),
        ((THEIRS, "UEVE"), {"mine", "hers", "namesake"}),
        ((OURS, "UEVE"), {"mine", "hers", "foreign"}),
    ],
    ids=["the author", "the asker", "the foreign person", "her namesake at home"],
)
def test_forgetting_reaches_what_a_person_wrote_wherever_it_was_asked(
    store, ask, clock, person, left
):
    ids = {
        "mine": ask("one of my own questions here", user="UADA"),
        "hers": ask("a message of somebody in the team", user="UADA", author="UGRACE"),
        "foreign": ask("what the other company has asked", user="UEVE", user_team=THEIRS),
        "namesake": ask("what the namesake has asked for", user="UEVE"),
    }

    erase_person(store, store.documents, *person, clock())

    assert {name for name, key in ids.items() if store.requests.get(key)} == left


def test_forgetting_reaches_a_foreign_person_s_feedback_and_not_her_namesake_s(store, ask, clock):
    asked = ask()
    store.feedback.record(Feedback(asked, "UEVE", "note", "wrong", clock(), THEIRS))
    erase_person(store, store.documents, OURS, "UEVE", clock())
    assert len(store.feedback.for_request(asked)) == 1

    erase_person(store, store.documents, THEIRS, "UEVE", clock())
    assert store.feedback.for_request(asked) == []


@pytest.fixture
def history(store):
    store.access.set_channel(OURS, "C1", name="partners", read=True, shared=True)
    return ChannelHistory(store.documents, store.access, lambda _: "", store.opt_outs.is_opted_out)


def say(history, ts, text, **over):
    history.apply(OURS, {"type": "message", "channel": "C1", "ts": ts, "text": text, **over})


def test_of_a_thread_of_two_companies_only_our_words_are_kept(store, history):
    say(history, "1.000001", "What we say here", user="UEVE")
    say(
        history,
        "1.000002",
        "What they say to us",
        user="UEVE",
        user_team=THEIRS,
        thread_ts="1.000001",
    )

    assert store.documents.documents_by_author(THEIRS, "UEVE") == []
    assert store.documents.documents_by_author(OURS, "UEVE") == [(OURS, "slack:C1:1.000001")]


def test_who_opted_out_at_home_is_left_out_of_a_shared_channel_s_history(store, history, clock):
    store.opt_outs.add(THEIRS, "UEVE", clock())

    say(history, "1.000001", "What they say", user="UEVE", user_team=THEIRS)
    say(history, "2.000001", "What we say here", user="UEVE")

    assert store.documents.documents_by_author(THEIRS, "UEVE") == []
    assert store.documents.documents_by_author(OURS, "UEVE") == [(OURS, "slack:C1:2.000001")]
