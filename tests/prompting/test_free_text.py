"""A free text that is plainly no answer is told from one that may be."""

from __future__ import annotations

import pytest

from workers.prompting.free_text import (
    declines,
    echoes_prompt,
    invents,
    is_about,
    is_in_language,
    is_unchanged,
    signs_as_sender,
    target_language,
)
from workers.prompting.prompt import Prompt

LETTER = "please be informed that the lift will not be running on Monday from 8 to 11 am"


@pytest.mark.parametrize(
    ("text", "is_made_up"),
    [
        ("The lift is out of order on Monday from 8 to 11.", False),
        ("The lift is out of order on Monday from 8:00 to 11:00.", False),
        ("1. No lift on Monday\n2. It runs again after 11 am", False),
        ("The lift is out of order on Tuesday from 8 to 11.", True),
        ("The lift is out of order on Monday from 8:30 to 11.", True),
    ],
)
def test_figures_and_days_come_from_the_material(text, is_made_up):
    assert invents(text, LETTER) is is_made_up


@pytest.mark.parametrize(
    ("text", "order", "is_none"),
    [
        ("I'm sorry, but I'm unable to assist with that.", "make this friendlier: pay up", True),
        ("Sorry, I can\u2019t help you with this request.", "answer her: where is it?", True),
        ("As an AI, I have no invoices.", "reword: you forgot the invoice", True),
        ("I am afraid I cannot help you on Friday.", "tell Tom I can't help on Friday", False),
        ("I'm sorry, but the hall is taken on Friday.", "say no to her: the hall is taken", False),
        ("We cannot deliver before Monday.", "say that it comes on Monday", False),
        ("Could you please send the invoice? Thank you.", "nicer: send the invoice", False),
    ],
)
def test_a_refusal_is_no_answer_unless_the_message_speaks_of_one(text, order, is_none):
    assert declines(text, order) is is_none


def test_an_answer_about_something_else_is_none():
    assert is_about("No lift on Monday morning, from 8 to 11 am.", LETTER)
    assert not is_about("I am happy to assist you. Which document did you mean, my friend?", LETTER)


def test_what_a_model_thinks_of_its_answer_is_none():
    praise = (
        "Here is a shorter version of it with a stronger focus on clarity. "
        "The lift is not running on Monday. "
        "These changes convey the same meaning in a more streamlined and engaging manner."
    )

    assert not is_about(praise, LETTER)


@pytest.mark.parametrize(
    ("text", "is_echo"),
    [
        ("<thread>\nPerson: hello", True),
        ("Person: the lift is broken", True),
        ("Shorten this:\nThe lift is broken.", True),
        ("Could you bring the folder back today, please, because others need it?", True),
        ("Hello, thanks. Bring the folder back today, please, because others need it. Bye", True),
        ("Hello, thank you for asking. The lift is broken. Kind regards", False),
        ("Keep what is said, and say it in as few words as you can.", True),
        ("The lift is broken.", False),
    ],
)
def test_an_echo_of_the_prompt_is_none(text, is_echo):
    """What an example is there to show may be copied, what it is about may not."""
    asked = "shorten this: the folder is missed, bring it back, because others need it"
    answered = (
        "Hello, thank you for asking. Could you bring the folder back today, please, because "
        "others need it? Kind regards"
    )
    query = "shorten this: the lift is broken"
    system = "You are an editor. Keep what is said, and say it in as few words as you can."
    prompt = Prompt((), {"system": system, "query": query}, ((asked, answered),))

    assert echoes_prompt(text, prompt, query) is is_echo


def test_a_translation_is_in_the_language_that_was_asked_for():
    assert target_language("now into Spanish, please") == "es"
    assert target_language("shorter, please") is None
    assert is_in_language("El ascensor no funciona el lunes por la mañana.", "es")
    assert not is_in_language("The lift is not running on Monday in the morning.", "es")


BEFORE = (
    {"role": "user", "content": "rewrite this: the hall must be left clean"},
    {"role": "assistant", "content": "Please leave the hall as clean as you found it."},
)


@pytest.mark.parametrize(
    ("text", "order", "is_none"),
    [
        ("Please leave the hall as clean as you found it.", "a bit warmer", True),
        ("Please leave the hall just as clean as you have found it.", "too long!", True),
        ("Please leave the hall clean.", "too long!", False),
        ("Thank you so much for leaving the hall as clean as you found it.", "warmer", False),
        ("Please leave the hall as clean as you found it.", "word " * 9, False),
    ],
)
def test_a_change_that_was_ordered_has_to_be_one(text, order, is_none):
    assert is_unchanged(text, order, BEFORE) is is_none
    assert not is_unchanged(text, order, ())


@pytest.mark.parametrize(
    ("text", "is_signed_so"),
    [
        ("Thank you for asking. Kind regards, Olga", True),
        ("Thank you for asking.\nBest, Olga.", True),
        ("Thank you, Olga, for asking. Kind regards, Ben", False),
        ("Thank you for asking. Kind regards", False),
    ],
)
def test_a_draft_is_not_signed_by_the_person_it_is_for(text, is_signed_so):
    assert signs_as_sender(text, "Where is my bag? Regards, Olga") is is_signed_so
    assert not signs_as_sender(text, "Where is my bag?")


@pytest.mark.parametrize(
    ("order", "is_none"),
    [
        ("shorter please", False),
        ("only two sentences please", False),
        ("in 1 sentence", False),
    ],
)
def test_a_cut_that_keeps_the_opening_is_shorter(order, is_none):
    long = "The site was down from 9 to 10. Customers could not pay. We are sorry for that."
    history = ({"role": "assistant", "content": long},)

    assert is_unchanged("The site was down from 9 to 10.", order, history) is is_none
    assert is_unchanged(long, order, history)


def test_pasted_words_do_not_order_a_shorter_text():
    history = ({"role": "assistant", "content": "Too long."},)
    order = "rewrite politely: the meeting was too long"

    assert not is_unchanged("The meeting took a little more time.", order, history)


@pytest.mark.parametrize(
    ("order", "is_signed_so"),
    [
        ("draft a reply, sign it: Best regards, Tom", False),
        ("say yes and sign with best regards Tom", False),
        ("reply from Tom", False),
        ("draft a reply", True),
    ],
)
def test_a_signature_that_was_ordered_is_no_fault(order, is_signed_so):
    text, material = "Yes. Best regards, Tom", "Is it open? Best regards, Tom"

    assert signs_as_sender(text, material, order) is is_signed_so
