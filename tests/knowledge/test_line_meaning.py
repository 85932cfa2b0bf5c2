"""Quotes are chosen by what whole sentences mean, and by the sentences of a message that ask."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.catalog.version import PromptStep, RetrieveStep, Version
from router.encoder.lazy import LazyEncoder
from router.encoder.onnx import RECIPE
from router.index import Hit
from tests.fixtures.meaning import ConceptEncoder
from workers import texts
from workers.context import Work
from workers.knowledge.passage_units import passage_units, whole_thought, with_neighbours
from workers.knowledge.quotes.extractive_answer import read_passages, select_quotes
from workers.knowledge.relevance.asking_part import asking_part
from workers.knowledge.relevance.line_meaning import LINE_ENCODER, reads_meaning
from workers.paths._cited_answer import answer_with_quotes

SENTENCES = (
    "It is free.",
    "Ask the desk first.",
    "This needs a badge.",
    "But not on Sundays.",
    "Trains run hourly.",
)
"""Two of them are understood only with a neighbour."""
HALF_NEAR = "lunch, ski and oil"
"""A message with a concept of a passage beside two that no passage has."""


@pytest.fixture
def meaning():
    return ConceptEncoder()


@pytest.fixture
def hits():
    passages = (
        ("Site > Vehicles", "Leave yours in the garage below the building. It closes at nine."),
        ("Place > Elsewhere", "From another country you may log in for ten days."),
        ("Food > Meals", "Soup is served at noon."),
    )
    return [
        Hit(number, f"page-{number}", title, "", body, 0.0, 1.0)
        for number, (title, body) in enumerate(passages, 1)
    ]


def test_the_numbers_belong_to_the_encoder_that_is_shipped():
    assert RECIPE == LINE_ENCODER


def test_another_encoder_or_none_reads_no_meaning(encoder):
    assert not reads_meaning(None)
    assert not reads_meaning(LazyEncoder())
    assert not reads_meaning(encoder)


def test_a_line_in_other_words_is_quoted(hits, meaning):
    question = "can I bring my car?"

    assert select_quotes(question, hits) == []
    quotes = select_quotes(question, hits, meaning)
    assert [quote.hit.title for quote in quotes] == ["Site > Vehicles"]


def test_a_country_that_no_passage_names_does_not_veto_the_rule_for_all_countries(hits, meaning):
    quotes = select_quotes("may I log in from Chile?", hits, meaning)

    assert "another country" in quotes[0].text


def test_what_no_line_is_near_is_not_quoted(hits, meaning):
    question = "who won the regatta?"

    assert select_quotes(question, hits, meaning) == []
    reading = read_passages(question, hits, meaning)
    assert 0 <= reading.chance < reading.needed


def test_a_line_much_farther_than_the_best_is_no_further_quote(hits, meaning):
    beside = [*hits, Hit(9, "page-9", "Doors > Cars", "", "The gate is red.", 0.0, 1.0)]

    quotes = select_quotes("where is the garage for a vehicle?", beside, meaning)

    assert [quote.hit.title for quote in quotes] == ["Site > Vehicles"]


def test_only_near_passages_are_named_where_nothing_answers(hits, meaning):
    assert read_passages("who won the regatta?", hits, meaning).near == []
    assert read_passages("who won the regatta?", hits).near == hits
    assert read_passages(HALF_NEAR, hits, meaning).near == [hits[2]]


def test_a_sure_quote_about_another_place_is_shown_in_doubt(hits, meaning, work):
    garage = Hit(9, "page-9", "Site > Cars", "", "The garage in Lisbon is open to all.", 0.0, 1.0)
    question = "may I park my car in the garage in Berlin?"

    assert read_passages(question.replace(" in Berlin", ""), [garage], meaning).quotes
    outcome = answer_with_quotes(work(question), [garage], encoder=meaning)

    intro = "I found nothing on Berlin for this. What comes nearest is about Lisbon:"
    assert outcome.text == f"{intro}\n\n> The garage in Lisbon is open to all. [1]"
    assert outcome.data["answered"] is False


@pytest.fixture
def work(make_request, make_decision):
    version = Version(
        route="handbook",
        kind="rag",
        steps=(RetrieveStep(do="retrieve", top=6), PromptStep()),
        prompt="Answer from the passages.",
    )

    def make(text):
        return Work(make_request(text), make_decision("handbook"), version)

    return make


def test_nothing_near_is_said_without_a_link(hits, meaning, work):
    outcome = answer_with_quotes(work("who won the regatta?"), hits, encoder=meaning)

    assert outcome.text == texts.NOTHING_NEAR
    assert outcome.citations == ()
    assert outcome.data["answered"] is False


def test_what_may_be_no_answer_is_shown_as_that(hits, meaning, work):
    outcome = answer_with_quotes(work(HALF_NEAR), hits, encoder=meaning)

    assert outcome.text == f"{texts.DOUBTFUL_INTRO}\n\n> Soup is served at noon. [1]"
    assert [citation.title for citation in outcome.citations] == ["Food > Meals"]
    assert outcome.data["answered"] is False


@pytest.mark.parametrize(
    ("message", "part"),
    [
        ("Is there a canteen? My desk is far from any shop.", "Is there a canteen?"),
        ("I broke my leg last week. when do I hand in the note", "when do I hand in the note"),
        ("Hello! How do I open the garage door?", "How do I open the garage door?"),
        ("Tim has the phones, and when does the garage open?", "when does the garage open?"),
        ("I am off till Wed and what is the rule on soup?", "what is the rule on soup?"),
    ],
)
def test_only_the_sentences_that_ask_have_to_be_answered(message, part):
    assert asking_part(message) == part


@pytest.mark.parametrize(
    "message",
    [
        "garage opening hours",
        "My badge is gone. What now?",
        "Where is the garage? Where is the gate?",
        "When does it open and what does it cost?",
        "If I come by car and it rains, may I park below the building?",
        "If I park below the building and how long do I get?",
        "Salt and what else?",
        "",
    ],
)
def test_a_message_that_asks_as_a_whole_is_read_as_a_whole(message):
    assert asking_part(message) == message


def test_what_else_a_message_tells_does_not_dilute_its_question(hits, meaning):
    message = "May I park a car? I would come for lunch with soup, and my badge opens no door."

    assert select_quotes(message, hits, meaning)[0].hit.title == "Site > Vehicles"


BODY = "The garage is free. It closes at nine. Bring a badge.\n\nThe roof is not for cars."


@pytest.mark.parametrize(
    ("nearness", "max_chars", "expected"),
    [
        ({}, 20, "The garage is free."),
        ({}, 200, BODY),
        ({0: 0.5, 1: 0.1, 2: 0.9}, 40, "The garage is free. It closes at nine."),
        ({3: 0.9}, 60, "The garage is free. It closes at nine. Bring a badge."),
    ],
)
def test_a_quote_takes_what_stands_beside_it_along(nearness, max_chars, expected):
    start, end = with_neighbours(BODY, passage_units(BODY), 0, nearness, max_chars)

    assert BODY[start:end] == expected


def test_a_quote_grows_towards_what_is_nearer_to_the_question():
    units = passage_units(BODY)

    before = with_neighbours(BODY, units, 2, {1: 0.9, 3: 0.2}, 55)
    after = with_neighbours(BODY, units, 2, {1: 0.2, 3: 0.9}, 45)

    # "It" is understood only after the sentence before.
    assert BODY[slice(*before)] == "The garage is free. It closes at nine. Bring a badge."
    assert BODY[slice(*after)] == "Bring a badge.\n\nThe roof is not for cars."


@given(
    st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=12),
    st.integers(0, 11),
    st.lists(st.floats(-1, 2), min_size=12, max_size=12),
    st.integers(0, 300),
)
def test_a_quote_always_holds_its_line_and_ends_with_whole_ones(sentences, place, scores, limit):
    body = " ".join(sentences)
    units = passage_units(body)
    place %= len(units)

    start, end = with_neighbours(body, units, place, dict(enumerate(scores)), limit)

    assert start <= units[place].start < units[place].end <= end
    assert start in {unit.start for unit in units}
    assert end in {unit.end for unit in units}
    alone = whole_thought(body, units, place)
    assert end - start <= max(limit, alone[1] - alone[0])
