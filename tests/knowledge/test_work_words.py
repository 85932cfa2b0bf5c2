"""A question is read in the passages' words for the same thing, and only where it has to be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.index import Hit
from workers.knowledge.relevance.work_words import with_words_of

PAGES = [
    ("Notice", "The trial time is four months. After it the notice period is two months."),
    (
        "Leave",
        "New parents have ten weeks of parental leave. Ask the people team. "
        "Paternity leave is two weeks.",
    ),
    ("Closed days", "Between 24 December and 1 January the shop is closed."),
    ("Screens", "A screen is replaced after five years. Visitors wear a badge."),
]
HITS = [Hit(n, "d", title, "", body, 1.8e9, 1.0) for n, (title, body) in enumerate(PAGES)]


@pytest.mark.parametrize(
    ("asked", "read"),
    [
        ("how long is the probation period?", "how long is the trial time?"),
        ("can human resources help", "can people team help"),
        ("I lost my probation letter", "I lost my trial time letter"),
    ],
)
def test_a_workplace_word_is_read_as_the_passages_have_it(asked: str, read: str) -> None:
    assert with_words_of(HITS, asked) == read


@pytest.mark.parametrize(
    "asked",
    [
        "how long is the trial time",
        "is my screen older than five years?",
        "may I bring my bike",
        "who monitors the servers",
        "when is payday",
        "How long is maternity leave?",
        "When is the Christmas party?",
        "What are the working hours?",
        "Can I do mobile work?",
        "Is there mobile reception in the basement?",
        "does it support SSO",
        "do we have to pay for parking",
        "what level of German",
        "lift the limit",
        "24-hr support",
        "trial period of the Figma licence",
        "is the shop open on Christmas Eve",
        "where is my pay slip",
        "how do I resign",
        "do you monitor my email",
        "",
    ],
)
def test_words_that_the_passages_have_or_cannot_replace_stay(asked: str) -> None:
    assert with_words_of(HITS, asked) == asked


@given(st.text(max_size=80))
def test_without_passages_nothing_is_replaced(question: str) -> None:
    assert with_words_of([], question) == question
