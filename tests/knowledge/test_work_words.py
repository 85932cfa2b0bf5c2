"""A question is read in the passages' words for the same thing, and only where it has to be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.index import Hit
from workers.knowledge.relevance.work_words import with_words_of

PAGES = [
    ("Notice", "The trial time is four months. After it the notice period is two months."),
    ("Leave", "New parents have ten weeks of parental leave. Ask the people team."),
    ("Closed days", "Between 24 December and 1 January the shop is closed."),
    ("Screens", "A screen is replaced after five years. Visitors wear a badge."),
]
HITS = [Hit(n, "d", title, "", body, 1.8e9, 1.0) for n, (title, body) in enumerate(PAGES)]


@pytest.mark.parametrize(
    ("asked", "read"),
    [
        ("how long is the probation period?", "how long is the trial time?"),
        ("Does HR pay paternity leave", "Does people team pay parental leave"),
        (
            "are we open between Christmas and New Year",
            "are we open between 24 December and 1 January",
        ),
        ("may I have a new monitor", "may I have a new screen"),
        ("where do guests sign in", "where do visitor sign in"),
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
        "",
    ],
)
def test_words_that_the_passages_have_or_cannot_replace_stay(asked: str) -> None:
    assert with_words_of(HITS, asked) == asked


@given(st.text(max_size=80))
def test_without_passages_nothing_is_replaced(question: str) -> None:
    assert with_words_of([], question) == question
