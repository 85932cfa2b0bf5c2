import pytest

from router.classifier.overrides import about_beagle, named_route

NAMES = ["triage", "leave", "error_log", "talk-to-sales"]


@pytest.mark.parametrize(
    ("text", "route"),
    [
        ("!triage my laptop is broken", "triage"),
        ("<@U1> !triage my laptop is broken", "triage"),
        ("triage: my laptop is broken", "triage"),
        ("Error log: what is this", "error_log"),
        ("use the error log route for this", "error_log"),
        ("please use triage for this", "triage"),
        ("run talk to sales for this", "talk-to-sales"),
        ("triage", "triage"),
    ],
)
def test_a_route_called_by_name_wins(text, route):
    assert named_route(text, NAMES) == route


@pytest.mark.parametrize(
    "text",
    [
        "I leave early tomorrow",
        "!unknown help",
        "leave the door open",
        "note: leave",
        "https://leave",
        "!",
        "",
        "use triage",
    ],
)
def test_a_name_as_a_mere_word_decides_nothing(text):
    assert named_route(text, NAMES) is None


@pytest.mark.parametrize(
    "text",
    [
        "what can you do?",
        "tell me what you can do",
        "help",
        "/beagle help",
        "Hi, what can you do for me?",
    ],
)
def test_a_question_about_beagle_is_known(text):
    assert about_beagle(text)


@pytest.mark.parametrize(
    "text",
    ["help me reset my password", "what can you do about my parcel", "who are your suppliers"],
)
def test_a_request_is_no_question_about_beagle(text):
    assert not about_beagle(text)


@pytest.mark.parametrize(
    ("text", "is_about"),
    [
        ("hi! what are you, and what can you do for me?", True),
        ("who built you and how can you help?", True),
        ("what can you do and where is my parcel", False),
        ("who built you", False),
    ],
)
def test_a_question_about_beagle_may_have_two_halves(text, is_about):
    assert about_beagle(text) is is_about
