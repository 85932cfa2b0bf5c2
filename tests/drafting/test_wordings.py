"""A route of an admin's own learns the two examples in other words, each of them once."""

from __future__ import annotations

import re

import pytest

from router.text.redact import plain_words
from workers.drafting import sentences
from workers.drafting.other_details import NAMES
from workers.drafting.slots import MADE_UP
from workers.drafting.task_order import task_order
from workers.drafting.wordings import wish_wordings

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
    frames = (sentences.ABOUT, sentences.ORDERED, sentences.WANTED, (sentences.THERE_IS,))
    own = [frame for group in (*frames, sentences.ASKED_FOR, sentences.STATED) for frame in group]
    values = [value for group in MADE_UP.values() for value in group]
    known = {word for text in (*written, *own, *values, *NAMES, "on") for word in plain_words(text)}

    for text in wish_wordings(written[0], written[1], written[2:]):
        assert set(plain_words(text)) <= known


@pytest.mark.parametrize(
    ("task", "order"),
    [
        ("Draft a credit note in three lines. Only use given figures.", "draft a credit note"),
        (
            "Write a letter about a trip, but leave out phone numbers.",
            "write a letter about a trip",
        ),
        ("We want Beagle to book tyre changes: plate, week.", "book tyre changes"),
        ("The assistant should scale a recipe, in grams", "scale a recipe"),
        ("Create a job advert without superlatives", "create a job advert"),
        ("- Arrange a pick-up\n- Never promise a time", "arrange a pick-up"),
        ("Give a hint and always be brief", "give a hint"),
        ("Leave out what the message does not say. Draft a note.", ""),
        ("Turn the message into a label.", ""),
        ("Only answer what people ask.", ""),
        ("Don't guess.", ""),
        ("Keep it under fifty words.", ""),
        ("Warm tone, four sentences at most.", ""),
        ("It must fit on a card.", ""),
        ("", ""),
    ],
)
def test_only_what_is_to_be_done_is_an_order_and_never_a_rule_of_the_answer(task, order):
    assert task_order(task) == order


@pytest.mark.parametrize(
    ("example", "never"),
    [
        (
            "Can you get us a credit note? The customer paid twice",
            "(?:^|there|need|can I get) ?us a",
        ),
        ("A journalist from the Gazette wants a quote", "need A journalist"),
        ("how do I answer a reporter who called me?", "do you know how do"),
        ("complaint: two boxes missing in today's delivery", "on Monday's"),
        ("handover: press 2 is down since 4 am", "since$"),
        ("label for blood sample, drawn 9:30", "drawn$"),
        ("trip to the zoo on May 12", "what do I do"),
        ("The pallet for Miller arrived torn", "The pallet$"),
        ("please reserve the meeting room", "is there the"),
        ("I need new tyres", "is there new"),
        ("room 204 is filthy, can somebody clean it", "clean it[?]"),
        ("a table for tomorrow", "for on"),
        ("thank Anna Berg for the bread", "thank for"),
    ],
)
def test_no_wording_is_a_broken_sentence(example, never):
    wordings = wish_wordings("delivery complaint", "", (example, "something else"))

    assert [text for text in wordings if re.search(never, text)] == []


def test_a_name_without_an_article_is_no_part_of_a_sentence():
    wordings = wish_wordings("delivery complaint", "", ("?", "please"))

    for text in wordings:
        before, _, after = text.partition("delivery complaint")
        assert not before or before.endswith(": ")
        assert after in ("", " please")
