"""Questions that no route takes go to the documents only where these may answer them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.routing.document_question import DocumentLookup
from router.decide import Signals
from router.types import ACT, TOPIC, Decision, Score
from tests.fixtures.knowledge import encoder, page
from tests.fixtures.meaning import ConceptEncoder
from workers.fakes import MemoryDirectory
from workers.knowledge.membership import ReadingRights

__all__ = ["encoder", "page"]

SIGNALS = Signals(documents="handbook")
NOWHERE = Decision("out_of_scope", None, 0.1, 0.0, 0.1, (Score("handbook", 0.1),), "v")
ASKED = replace(NOWHERE, verb="ask")
REDIRECTED = replace(NOWHERE, verb="route", route="handbook", reason={ACT: {"act": "question"}})
KNOWN = "When does the harbour office open?"


@pytest.fixture
def decide(store, clock, encoder, page, make_request):
    """Decides about a message again, after the documents were looked into."""
    store.documents.upsert(page("The harbour office opens at nine."))
    store.access.set_channel("T1", "C1", at=clock(), name="general", public=True)
    directory = MemoryDirectory()
    rights = ReadingRights(store.access, directory, clock, 3600.0)
    lookup = DocumentLookup(store, rights, encoder)

    def ask(text, before=NOWHERE, signals=SIGNALS, **over):
        return lookup.apply(before, make_request(text, **over), None, signals)

    return ask


@pytest.mark.parametrize("before", [NOWHERE, ASKED, REDIRECTED])
def test_a_question_that_the_documents_answer_goes_there(decide, before):
    decision = decide(KNOWN, before)

    assert (decision.verb, decision.route) == ("route", "handbook")
    assert decision.scores == before.scores


@pytest.mark.parametrize(
    ("text", "before"),
    [
        ("How do penguins walk in a row?", NOWHERE),
        ("How do penguins walk in a row?", ASKED),
        ("The harbour office is open.", NOWHERE),
    ],
)
def test_what_they_do_not_answer_stays_as_it_was(decide, text, before):
    assert decide(text, before) == before


def test_what_is_near_but_about_another_place_goes_there_too(store, clock, page, make_request):
    store.documents.upsert(page("The garage in Lisbon is open for every car."))
    store.access.set_channel("T1", "C1", at=clock(), name="general", public=True)
    rights = ReadingRights(store.access, MemoryDirectory(), clock, 3600.0)
    lookup = DocumentLookup(store, rights, ConceptEncoder())
    request = make_request("may I park my car in the garage in Berlin?")

    decision = lookup.apply(NOWHERE, request, None, SIGNALS)

    assert (decision.verb, decision.route) == ("route", "handbook")


def test_a_question_that_no_form_takes_is_turned_away_where_they_hold_nothing(decide):
    decision = decide("How do penguins walk in a row?", REDIRECTED)

    assert (decision.verb, decision.route) == ("out_of_scope", None)


def test_nothing_is_looked_up_without_a_route_that_answers_from_documents(decide):
    assert decide(KNOWN, signals=Signals()) == NOWHERE


def test_people_who_talk_to_each_other_are_left_alone(decide):
    assert decide(KNOWN, source="channel") == NOWHERE


EXPLAINED = replace(NOWHERE, verb="route", route="explain", confidence=0.6)
DISTRESS = replace(NOWHERE, verb="meta", route=None, reason={TOPIC: "distress"})


def test_a_question_without_the_text_that_its_route_works_on_goes_to_the_documents(decide):
    signals = replace(SIGNALS, text_routes=("explain",))

    assert decide(KNOWN, EXPLAINED, signals).route == "handbook"
    assert decide("How do penguins walk in a row?", EXPLAINED, signals) == EXPLAINED


@pytest.mark.parametrize(
    ("text", "turns"),
    [
        ("When does the harbour office open: error 7 in gate.py", ()),
        ("When does the harbour office open?", ("error 7 in gate.py",)),
        ("The harbour office opens.", ()),
    ],
)
def test_a_text_in_the_message_or_its_thread_stays_with_its_route(decide, text, turns):
    signals = replace(SIGNALS, text_routes=("explain",), previous_turns=turns)

    assert decide(text, EXPLAINED, signals) == EXPLAINED


def test_a_route_that_needs_no_text_keeps_its_questions(decide):
    assert decide(KNOWN, EXPLAINED) == EXPLAINED


def test_somebody_in_distress_is_sent_to_no_rule_about_something_else(decide):
    assert decide("is the harbour office open? my boss shouts at me", DISTRESS) == DISTRESS
    assert decide("when does the harbour office open? my boss shouts at me", DISTRESS) != DISTRESS


TRIAGE = replace(EXPLAINED, route="triage")


@pytest.mark.parametrize(
    ("text", "route"),
    [
        ("the harbour office does not open, who do I tell?", "handbook"),
        ("the harbour office does not open", "triage"),
        ("the harbour office does not open, who can fix it?", "triage"),
        ("the penguins walk in a row, who do I tell?", "triage"),
    ],
)
def test_who_reports_something_and_asks_whom_to_tell_is_told_by_the_documents(decide, text, route):
    assert decide(text, TRIAGE).route == route


@pytest.mark.parametrize(
    ("text", "verb", "route"),
    [
        ("may we open the harbour office at nine?", "route", "handbook"),
        ("may we let the penguins walk in a row?", "out_of_scope", None),
        ("may we open the harbour office at nine: Dear all, it is late", "route", "explain"),
        ("can we have the penguins walk in a row?", "route", "explain"),
    ],
)
def test_whether_something_is_allowed_is_no_order_for_a_text(decide, text, verb, route):
    decision = decide(text, EXPLAINED, replace(SIGNALS, text_routes=("explain",)))

    assert (decision.verb, decision.route) == (verb, route)
