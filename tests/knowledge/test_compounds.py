"""A compound is read as the passages spell it, and nothing else of the question changes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.index import Hit
from workers.knowledge.quotes.extractive_answer import select_quotes
from workers.knowledge.relevance.compounds import with_spelling_of

PAGES = [
    (
        "Pay and growth > Pay day",
        "Salaries are paid on the 25th. Pay slips are in the people tool.",
    ),
    ("Laptops", "A lost laptop is reported within an hour. The on-call engineer locks it."),
    ("Sick leave", "A sicknote is needed from the third day."),
]
HITS = [Hit(n, "d", title, "", body, 1.8e9, 1.0) for n, (title, body) in enumerate(PAGES)]


@pytest.mark.parametrize(
    ("asked", "read"),
    [
        ("when is payday?", "when is pay day?"),
        ("where are my Payslips", "where are my pay slips"),
        ("who is oncall tonight", "who is on call tonight"),
        ("I lost my lap-top", "I lost my laptop"),
        ("do I need a sick note?", "do I need a sicknote?"),
        ("when is pay day", "when is pay day"),
        ("is the day paid", "is the day paid"),
        ("what is a firewall", "what is a firewall"),
        ("a sick, note", "a sick, note"),
    ],
)
def test_a_compound_is_spelled_as_in_the_passages(asked: str, read: str) -> None:
    assert with_spelling_of(HITS, asked) == read


def test_a_question_in_another_spelling_is_answered() -> None:
    assert [quote.text for quote in select_quotes("where do I find my payslip?", HITS)] == [
        "Pay slips are in the people tool."
    ]


@given(st.text(max_size=60))
def test_letters_stay_as_they_are(question: str) -> None:
    letters = [sign for sign in question if sign.isalnum()]
    read = with_spelling_of(HITS, question)
    assert len([sign for sign in read if sign.isalnum()]) == len(letters)
