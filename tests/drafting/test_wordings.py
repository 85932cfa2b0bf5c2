"""A route of an admin's own learns the two examples in other words, each of them once."""

from __future__ import annotations

import pytest

from router.text.redact import plain_words
from workers.drafting import sentences
from workers.drafting.slots import MADE_UP
from workers.drafting.wordings import NAMES, wish_wordings

TASK = "Write a short notice for reception. Ask for name, day and time."
EXAMPLES = ("Hi all, please announce my visitor for Tuesday", "who announces visitors")


def test_an_order_and_a_question_are_worded_in_other_moods():
    wordings = wish_wordings("visitor notice", TASK, EXAMPLES)

    assert "announce my visitor for Tuesday" in wordings
    assert "can you announce my visitor?" in wordings
    assert "do you know who announces visitors?" in wordings
    assert "write a short notice for reception" in wordings


def test_a_wish_for_something_is_asked_for_in_other_words():
    wordings = wish_wordings("parking", "", ("I need a parking space", "a parking space please"))

    assert "can I get a parking space?" in wordings


def test_days_times_and_names_are_others_or_left_out():
    example = "my visitor Anna Berg comes tomorrow at 10"
    wordings = wish_wordings("visitor notice", "", (example, "somebody visits me"))

    assert "my visitor Sam Miller comes on Monday at 9:00" in wordings
    assert "my visitor comes" in wordings


def test_what_the_answer_is_to_do_is_no_request():
    wordings = wish_wordings("travel", "Ask for the dates. Never book twice.", ("book a flight",))

    assert not any("dates" in text or "twice" in text for text in wordings)


@pytest.mark.parametrize(
    "examples", [EXAMPLES, ("book a flight", "Please book a flight!"), ("please", "?")]
)
def test_no_wording_repeats_another_or_an_example(examples):
    wordings = wish_wordings("travel", "Book a flight.", examples)
    keys = [" ".join(plain_words(text)) for text in (*examples, *wordings)]

    assert len(set(keys[len(examples) :])) == len(wordings)
    assert not set(keys[: len(examples)]) & set(keys[len(examples) :])


def test_a_wording_holds_only_words_of_the_admin_of_its_frame_and_made_up_values():
    written = ("paper order", TASK, "order 3 boxes of paper for Friday", "ask Anna Berg for paper")
    frames = (sentences.ABOUT, sentences.ORDERED, sentences.WANTED, sentences.ASKED_FOR)
    own = [frame for group in (*frames, sentences.STATED) for frame in group]
    values = [value for group in MADE_UP.values() for value in group]
    known = {word for text in (*written, *own, *values, *NAMES, "on") for word in plain_words(text)}

    for text in wish_wordings(written[0], written[1], written[2:]):
        assert set(plain_words(text)) <= known
