"""A draft's answers are checked for what can be told without knowing the right one."""

from __future__ import annotations

import pytest

from router.catalog.version import Version
from router.types import Outcome
from workers.drafting import answer_doubts as doubts
from workers.drafting.answer_doubts import doubts_of, has_empty_part

VERSION = Version(
    route="handover",
    kind="prompt",
    role="You answer colleagues' requests about shift handover.",
    prompt="Write a short note for the next shift: what is broken, who is told, by 8 o'clock.",
)
FORM = Version(
    route="room",
    kind="prompt",
    role="You take requests about rooms.",
    prompt="Give the details.",
    output={
        "type": "object",
        "properties": {"day": {"type": "string"}, "room": {"type": "string"}},
        "required": ["day", "room"],
        "additionalProperties": False,
    },
)
REQUEST = "the belt of line three is broken, please write a note for the next shift"


def doubts_about(answer, request=REQUEST, version=VERSION, data=None):
    return doubts_of(version, [request], [Outcome(text=answer, data=data)]).get(0, ())


@pytest.mark.parametrize(
    ("answer", "doubt"),
    [
        ("", doubts.EMPTY),
        ("I'm sorry, but I cannot do that.", doubts.DECLINED),
        ("I don't know.", doubts.DECLINED),
        ("The belt of line three is broken, please write a note.", doubts.REPEATS_REQUEST),
        (
            "Write a short note for the next shift: what is broken, who is told.",
            doubts.REPEATS_ORDERS,
        ),
        ("The belt of line three broke at 4:35 and is out.", doubts.INVENTED),
        ("The belt of line three broke on Thursday.", doubts.INVENTED),
        ("Line three is broken, the belt tore. Maria Rossi was told.", doubts.INVENTED),
        ("Broken:\nTold: nobody yet about the belt\nBy:", doubts.EMPTY_PART),
        ("Dear [name], the belt of line three is broken.", doubts.PLACEHOLDER),
        (
            "Das Band von line three ist kaputt, bitte sagt es der nächsten Schicht und prüft es.",
            doubts.OTHER_LANGUAGE,
        ),
        ("Bananas grow best where summers stay warm, moist and sunny.", doubts.OFF_SUBJECT),
    ],
)
def test_a_doubtful_answer_is_named_with_its_sign(answer, doubt):
    assert doubt in doubts_about(answer)


@pytest.mark.parametrize(
    "answer",
    [
        "Note for the next shift: the belt of line three is broken. Nobody has been told so far.",
        "What is broken: the belt of line three.\nWho is told: please add it.",
        "Who has been told that the belt is broken?",
    ],
)
def test_a_sound_answer_has_no_doubt(answer):
    assert doubts_about(answer) == ()


def test_one_answer_to_two_requests_is_doubtful():
    answer = Outcome(text="The belt of line three is broken; tell the next shift.")
    requests = [REQUEST, "the press of line one leaks, note it for the next shift"]

    found = doubts_of(VERSION, requests, [answer, answer])

    assert all(doubts.SAME in found[index] for index in (0, 1))


def test_a_request_without_an_answer_is_no_doubt():
    assert doubts_of(VERSION, [REQUEST], [None]) == {}


def test_a_form_is_doubted_where_it_is_empty_or_in_other_words():
    asked = "a room on Friday"

    assert doubts_about("", asked, FORM, {"day": "", "room": ""}) == (doubts.EMPTY,)
    assert doubts_about("x", asked, FORM, {"day": "Monday", "room": ""}) == (doubts.OTHER_WORDS,)
    assert doubts_about("x", asked, FORM, {"day": "Friday", "room": ""}) == ()


def test_an_asked_for_language_is_the_right_one():
    wanted = VERSION.model_copy(update={"prompt": "Translate the note into German."})
    answer = "Das Band ist kaputt, bitte sagt es der nächsten Schicht und prüft es bald."

    assert doubts.OTHER_LANGUAGE not in doubts_about(answer, version=wanted)
    assert doubts.OTHER_LANGUAGE in doubts_about(
        "The belt is broken, please tell the next shift and check it soon.", version=wanted
    )


@pytest.mark.parametrize(
    ("text", "is_empty"),
    [
        ("## Broken\n\n## Told\nnobody", True),
        ("# Note\n## Broken\nthe belt", False),
        ("Broken: the belt\nTold: nobody", False),
        ("Please tell me:\n- what is broken", False),
        ("What is broken:", False),
    ],
)
def test_a_heading_needs_something_below_it(text, is_empty):
    assert has_empty_part(text) == is_empty
