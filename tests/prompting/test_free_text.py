"""A free text that is plainly no answer is told from one that may be."""

from __future__ import annotations

import pytest

from workers.prompting.free_text import (
    echoes_prompt,
    invents,
    is_about,
    is_in_language,
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
